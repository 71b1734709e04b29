/** State of a task; workers may store states of their own beside Celery's. */
export type TaskState =
  'PENDING' | 'RECEIVED' | 'STARTED' | 'SUCCESS' | 'FAILURE' | 'RETRY' | 'REVOKED' | (string & {});

/** States after which nothing more happens to a task. */
export const readyStates: readonly TaskState[] = ['SUCCESS', 'FAILURE', 'REVOKED'];

/** True for a state after which nothing more happens to the task. */
export function isReadyState(state: TaskState): boolean {
  return state === 'SUCCESS' || state === 'FAILURE' || state === 'REVOKED';
}

/** True for a state whose result is an encoded exception. */
export function isExceptionState(state: TaskState): boolean {
  return state === 'FAILURE' || state === 'RETRY' || state === 'REVOKED';
}
