import { pythonRepr, pythonStr } from './python-repr.ts';

/** Exceptions whose `str` is the repr of their one argument. */
const keyErrors = new Set(['builtins.KeyError', 'celery.exceptions.NotRegistered']);
/** OSError and its subclasses show a number and a text in a form of their own. */
const osErrors = new Set([
  'OSError',
  'IOError',
  'EnvironmentError',
  'FileNotFoundError',
  'FileExistsError',
  'PermissionError',
  'IsADirectoryError',
  'NotADirectoryError',
  'TimeoutError',
  'InterruptedError',
  'BlockingIOError',
  'ChildProcessError',
  'ProcessLookupError',
  'ConnectionError',
  'ConnectionResetError',
  'ConnectionRefusedError',
  'ConnectionAbortedError',
  'BrokenPipeError',
]);
/** Celery's stand-in for an exception that could not be pickled: module, class, args, repr. */
const wrapper = 'celery.utils.serialization.UnpickleableExceptionWrapper';

/**
 * What Python's `str(exc)` gives: nothing without arguments, the argument where there is one, else the tuple of them.
 *
 * [EXC-TEXT] Source: CPython 3.11, Objects/exceptions.c `BaseException_str`, `KeyError_str`, `OSError_str`; Celery 5.7,
 * celery/utils/serialization.py `UnpickleableExceptionWrapper`.
 */
export function exceptionText(excType: string, excModule: string, excArgs: readonly unknown[]): string {
  const [first, second] = excArgs;
  const name = `${excModule}.${excType}`;
  if (excArgs.length === 0) return '';
  if (excArgs.length === 1) return keyErrors.has(name) ? pythonRepr(first) : pythonStr(first);
  if (name === wrapper && typeof excArgs[3] === 'string') return excArgs[3];
  if (excArgs.length < 6 && excModule === 'builtins' && osErrors.has(excType)) {
    const text = `[Errno ${pythonStr(first)}] ${pythonStr(second)}`;
    return excArgs.length === 2 ? text : `${text}: ${pythonRepr(excArgs[2])}`;
  }
  return `(${excArgs.map(pythonRepr).join(', ')})`;
}
