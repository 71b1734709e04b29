import { multiplicationTasks, readOperands } from '@celeriac/calculator';
import { implement } from '@celeriac/task-registry';

import { multiply } from './multiply.ts';

/** What this worker serves: the queue `multiplication`. */
export const tasks = implement(multiplicationTasks, {
  multiply: (payload) => multiply(...readOperands(payload)),
  fakemultiply: () => 'multiply',
});
