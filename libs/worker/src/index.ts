export { createWorkerFrom } from './create-worker.ts';
export { Worker } from './worker.ts';
export { defaultWorkerSettings } from './worker-settings.ts';

export type { CallableTasks } from './callable-tasks.ts';
export type { CreateWorkerOptions, WorkerFrom } from './create-worker.ts';
export type { StopOptions, WorkerOptions, WorkerState } from './worker.ts';
export type { TaskCounts } from './task-outcomes.ts';
export type { TaskPostrunMessage } from './task-postrun.ts';
export type { WorkerSettings } from './worker-settings.ts';
