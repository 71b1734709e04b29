import { divisionTasks, readOperands } from '@celeriac/calculator';
import { implement } from '@celeriac/task-registry';

import { divide } from './divide.ts';

/** What this worker serves: the queue `division`. */
export const tasks = implement(divisionTasks, {
  divide: (payload) => divide(...readOperands(payload)),
  fakedivide: () => 'divide',
});
