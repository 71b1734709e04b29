import { coerceError } from '@celeriac/primitives';
import {
  cutText,
  defaultMaxErrorText,
  encodeException,
  PythonError,
  pythonRepr,
  tracebackOf,
} from '@celeriac/protocol';
import { Reject } from '@celeriac/task-registry';

/** What an event tells of an exception. */
export interface ExceptionTexts {
  /** What Python's `repr` gives. */
  readonly exception: string;
  readonly traceback: string | null;
}

/**
 * The texts of what a task threw.
 *
 * Source: Celery 5.7.0, celery/worker/request.py `on_failure`, `on_retry`; CPython 3.11, Objects/exceptions.c
 * `BaseException_repr`; recorded events: `task-failed`. Where Celery shows `ExceptionWithTraceback()`, for hard limits
 * and lost workers, this shows the exception itself.
 */
export function exceptionTexts(thrown: unknown): ExceptionTexts {
  try {
    return { exception: exceptionRepr(thrown), traceback: tracebackOf(thrown) };
  } catch (error) {
    // its message is no text, or a getter of it throws: that the task failed is to be known all the same
    return { exception: `<Unrepresentable: ${coerceError(error).name}>`, traceback: null };
  }
}

/** @throws whatever reading the error throws */
function exceptionRepr(thrown: unknown): string {
  if (thrown instanceof Reject)
    return `reject requeue=${thrown.requeue ? 'True' : 'False'}: ${cutText(thrown.reason ?? 'None', defaultMaxErrorText / 4)}`;
  // those of other errors were made from their message; a PythonError has its own, of any type
  const { exc_type: type, exc_message: encoded } = encodeException(thrown);
  const args = thrown instanceof PythonError ? thrown.excArgs : encoded;
  return cutText(`${type}(${args.map(pythonRepr).join(', ')})`, defaultMaxErrorText / 4);
}
