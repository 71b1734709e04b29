import { additionTasks, readOperands } from '@celeriac/calculator';
import { implement } from '@celeriac/task-registry';

import { add } from './add.ts';

/** What this worker serves: the queue `addition`. */
export const tasks = implement(additionTasks, {
  add: (payload) => add(...readOperands(payload)),
  fakeadd: () => 'add',
});
