import { coerceError } from '@celeriac/primitives';
import { cutName, cutText, defaultMaxErrorText, writableArguments } from './error-text.ts';
import { exceptionText } from './exception-text.ts';
import {
  ContentDisallowedError,
  DecodeError,
  EncodeError,
  InvalidTaskError,
  ProtocolError,
} from './protocol-error.ts';
import { PythonFloat } from './python-float.ts';
import { isMapping } from './python-type-name.ts';

/** An exception in the form that results carry. */
export interface ExceptionWire {
  /** Name of the class. */
  readonly exc_type: string;
  /** Arguments of the exception. */
  readonly exc_message: readonly unknown[];
  /** Module of the class. */
  readonly exc_module: string;
}

/** An exception that came from another process. */
export interface RemoteException {
  readonly excType: string;
  readonly excModule: string;
  readonly excArgs: readonly unknown[];
  /** What Python's `str(exc)` shows. */
  readonly message: string;
}

/** The module of exceptions that exist in JavaScript alone. No Python module has this name, so that Python makes a class. */
const ownModule = 'celeriac';

interface PythonClass {
  readonly type: string;
  readonly module: string;
}

function builtin(type: string): PythonClass {
  return { type, module: 'builtins' };
}

/** Errors of the language and what a Python program would have raised. */
const languageErrors = new Map<string, PythonClass>([
  ['Error', builtin('Exception')],
  ['AggregateError', builtin('Exception')],
  ['EvalError', builtin('Exception')],
  ['TypeError', builtin('TypeError')],
  ['RangeError', builtin('ValueError')],
  ['SyntaxError', builtin('ValueError')],
  ['URIError', builtin('ValueError')],
  ['ReferenceError', builtin('NameError')],
]);

function protocolErrorClass(error: ProtocolError): PythonClass | undefined {
  if (error instanceof EncodeError) return { type: 'EncodeError', module: 'kombu.exceptions' };
  if (error instanceof DecodeError) return { type: 'DecodeError', module: 'kombu.exceptions' };
  if (error instanceof ContentDisallowedError)
    return { type: 'ContentDisallowed', module: 'kombu.exceptions' };
  if (error instanceof InvalidTaskError) return { type: 'InvalidTaskError', module: 'celery.exceptions' };
  return undefined;
}

/** Programs put anything into the fields of an error, whatever its type says. */
function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The name an error goes by: its own, or that of its class where it has only inherited one from the language. */
function nameOf(error: Error): string {
  const name = textIn(error.name) ?? '';
  if (name !== '' && !languageErrors.has(name)) return name;
  const className = textIn((error.constructor as { name?: unknown } | undefined)?.name) ?? '';
  // Node gives its errors a code and the name of a language error, but makes them from a class of its own
  const isOfNode = typeof (error as { code?: unknown }).code === 'string';
  return className === '' || isOfNode ? name || 'Error' : className;
}

function pythonClassOf(error: Error): PythonClass {
  const known = error instanceof ProtocolError ? protocolErrorClass(error) : undefined;
  if (known !== undefined) return known;
  const name = nameOf(error);
  return languageErrors.get(name) ?? { type: name, module: ownModule };
}

/** An error that says itself what it is in Python: a PythonError, or one that came from there. */
function isPythonException(error: Error): error is Error & Omit<RemoteException, 'message'> {
  const { excType, excModule, excArgs } = error as Partial<RemoteException>;
  return typeof excType === 'string' && typeof excModule === 'string' && Array.isArray(excArgs);
}

/**
 * An error in the form of a Python exception.
 *
 * | thrown | Python sees |
 * | --- | --- |
 * | `PythonError`, or an error that came from Python | what it says |
 * | `Error` | `Exception` |
 * | `TypeError` | `TypeError` |
 * | `RangeError`, `SyntaxError`, `URIError` | `ValueError` |
 * | `ReferenceError` | `NameError` |
 * | `EncodeError`, `DecodeError` | `kombu.exceptions.EncodeError`, `DecodeError` |
 * | any other class | an exception of that name, made by Python |
 * | something that is no error | `Exception` with its text |
 *
 * [EXC-ENCODE] Source: Celery 5.7, celery/backends/base.py `prepare_exception`, celery/utils/serialization.py
 * `ensure_serializable`; vectors `results-rpc: failure_*`.
 *
 * @param maxText longest text of an error, in characters: its arguments have a quarter of it
 */
export function encodeException(thrown: unknown, maxText = defaultMaxErrorText): ExceptionWire {
  const error = coerceError(thrown);
  if (isPythonException(error)) {
    return {
      exc_type: cutName(error.excType),
      exc_message: writableArguments(error.excArgs, maxText),
      exc_module: cutName(error.excModule),
    };
  }
  const { type, module } = pythonClassOf(error);
  return {
    exc_type: cutName(type),
    exc_message: error.message === '' ? [] : writableArguments([error.message], maxText),
    exc_module: cutName(module),
  };
}

/** Causes in a traceback, at most: a getter may give another one each time. */
const maxCauses = 100;

/**
 * The stack of an error and of its causes, as text; without its middle when it is longer than `maxText` characters. A
 * stack begins with the message, so that a long one would leave no room for the place.
 */
export function tracebackOf(thrown: unknown, maxText = defaultMaxErrorText): string {
  const parts: string[] = [];
  const seen = new Set<unknown>();
  let current: unknown = thrown;
  let above: Error | undefined;
  let length = 0;
  while (
    current !== undefined &&
    current !== null &&
    !seen.has(current) &&
    seen.size <= maxCauses &&
    length <= maxText
  ) {
    seen.add(current);
    const error = coerceError(current);
    // the error above was made from this value, and says all of it
    if (error !== current && error.message === above?.message) break;
    const part = cutText(textIn(error.stack) ?? headOf(error), maxText);
    parts.push(part);
    length += part.length;
    current = current === error ? error.cause : undefined;
    above = error;
  }
  return cutText(parts.join('\nCaused by: '), maxText);
}

function headOf(error: Error): string {
  const message = textIn(error.message);
  return message === undefined ? nameOf(error) : `${nameOf(error)}: ${message}`;
}

/**
 * Reads an encoded exception, whose `exc_message` is a list of arguments or one text. Anything else is taken as the
 * argument of a plain exception, as a failure must not be lost over its form.
 *
 * [EXC-DECODE] Source: Celery 5.7, celery/backends/base.py `exception_to_python`; vectors `results-rpc: failure_*`.
 */
export function decodeException(wire: unknown): RemoteException {
  const fields = isMapping(wire) ? wire : { exc_message: wire instanceof PythonFloat ? wire.value : wire };
  const excType = textIn(fields['exc_type']) ?? 'Exception';
  const excModule =
    textIn(fields['exc_module']) ?? (excType === 'Exception' ? 'builtins' : 'celery.exceptions');
  const message = fields['exc_message'];
  const excArgs: readonly unknown[] = Array.isArray(message)
    ? message
    : message === undefined || message === null
      ? []
      : [message];
  return { excType, excModule, excArgs, message: exceptionText(excType, excModule, excArgs) };
}
