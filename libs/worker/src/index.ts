export { createWorker, createWorkerFrom } from './create-worker.ts';
export { Worker } from './worker.ts';
export { defaultConcurrency, defaultWorkerSettings } from './worker-settings.ts';
export { WorkerSignals } from './worker-signals.ts';
export { createExecutionPool } from './pools/create-execution-pool.ts';
export { loadHolders } from './pools/load-holders.ts';
export { WorkerLostError } from './pools/worker-lost-error.ts';

export type { CallableTasks } from './callable-tasks.ts';
export type { CreateWorkerOptions, WorkerFrom } from './create-worker.ts';
export type { StopOptions, WorkerOptions, WorkerState } from './worker.ts';
export type { TaskEventsSwitch } from './events/worker-events.ts';
export type { TaskCounts } from './settle/task-counts.ts';
export type { RevokeOptions, TaskControl } from './task-control.ts';
export type { TaskPostrunMessage } from './run/task-postrun.ts';
export type { WorkerPoolKind, WorkerSettings } from './worker-settings.ts';
export type { ExecutionPoolOptions } from './pools/create-execution-pool.ts';
export type { ExecutionPool } from './pools/execution-pool.ts';
export type {
  SignalledMessage,
  TaskFailure,
  TaskInternalError,
  TaskPostrun,
  TaskRejected,
  TaskRetry,
  TaskRevoked,
  TaskSignal,
  TaskSuccess,
  TaskUnknown,
  WorkerShuttingDown,
  WorkerSignal,
} from './worker-signals.ts';
export type { EscapeOrigin, EscapeVerdict } from './run/stray-errors.ts';
