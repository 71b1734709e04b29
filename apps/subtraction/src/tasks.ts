import { subtractionTasks, readOperands } from '@celeriac/calculator';
import { implement } from '@celeriac/task-registry';

import { subtract } from './subtract.ts';

/** What this worker serves: the queue `subtraction`. */
export const tasks = implement(subtractionTasks, {
  subtract: (payload) => subtract(...readOperands(payload)),
  fakesubtract: () => 'subtract',
});
