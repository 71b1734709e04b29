import { PythonError } from '@celeriac/protocol';
import {
  bound,
  defineHolder,
  Ignore,
  implement,
  plainTask,
  Reject,
  withOptions,
  type ImplementedHolder,
} from '@celeriac/task-registry';

function failLate(): never {
  throw new PythonError('ValueError', ['late']);
}

/** Tasks of the recorded worker that are acknowledged late by an option of their own. */
export const recordedLateTasks: ImplementedHolder = implement(
  defineHolder('celery', {
    rejectLate: plainTask({ name: 'tasks.reject_late' }),
    rejectLateRequeue: plainTask({ name: 'tasks.reject_late_requeue' }),
    failLate: plainTask({ name: 'tasks.fail_late' }),
    failLateNoack: plainTask({ name: 'tasks.fail_late_noack' }),
    ignoreLate: plainTask({ name: 'tasks.ignore_late' }),
    retryLate: plainTask({ name: 'tasks.retry_late' }),
    dieLate: plainTask({ name: 'tasks.die_late' }),
    dieOnce: plainTask({ name: 'tasks.die_once' }),
    hardLateNoack: plainTask({ name: 'tasks.hard_late_noack' }),
  }),
  {
    rejectLate: withOptions({ acksLate: true }, () => {
      throw new Reject('late reject');
    }),
    rejectLateRequeue: withOptions(
      { acksLate: true },
      bound(({ request }) => {
        if (request.deliveryInfo.redelivered) return 'second time';
        throw new Reject('again', { requeue: true });
      }),
    ),
    failLate: withOptions({ acksLate: true, acksOnFailure: true }, failLate),
    failLateNoack: withOptions({ acksLate: true, acksOnFailure: false }, failLate),
    ignoreLate: withOptions({ acksLate: true }, () => {
      throw new Ignore();
    }),
    retryLate: withOptions(
      { acksLate: true },
      bound((context) => (context.request.retries < 1 ? context.retry({ countdown: 0 }) : 'ok')),
    ),
    // what runs them dies: see recorded-late-cases.ts
    dieLate: withOptions({ acksLate: true, rejectOnWorkerLost: false }, () => undefined),
    dieOnce: withOptions({ acksLate: true, rejectOnWorkerLost: true }, () => undefined),
    hardLateNoack: withOptions(
      { acksLate: true, timeLimit: 1, acksOnTimeout: false },
      bound(({ request }) => (request.deliveryInfo.redelivered ? 'second' : new Promise(() => undefined))),
    ),
  },
);
