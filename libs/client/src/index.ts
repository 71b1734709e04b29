export { Client } from './client.ts';
export { AsyncResult } from './async-result.ts';
export {
  BackendError,
  InvalidArgumentsError,
  RemoteTaskError,
  TaskRevokedError,
  TaskTimeoutError,
} from './task-errors.ts';

export type { ApplyAsyncOptions, TaskCaller, TaskCallers } from './task-caller.ts';
export type { ApplyOptions } from './apply-options.ts';
export type { ClientOptions } from './client-options.ts';
export type { GetOptions, TaskFailure } from './async-result.ts';
