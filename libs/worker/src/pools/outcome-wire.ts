/** How a run ended, in a form that crosses from one thread or process to another and loses nothing of it on the way. */
import { coerceError } from '@celeriac/primitives';
import {
  decodeException,
  encodeException,
  parseJson,
  PythonError,
  tracebackOf,
  writeJson,
} from '@celeriac/protocol';
import {
  Ignore,
  Reject,
  Retry,
  SoftTimeLimitExceeded,
  TimeLimitExceeded,
  type RegisteredTask,
} from '@celeriac/task-registry';
import { coerceThrown } from '../run/coerce-thrown.ts';
import { isOneOf } from '../run/is-one-of.ts';
import { encodeError } from '../settle/task-states.ts';

interface ErrorWire {
  /** An exception as results carry it, as JSON. */
  readonly exception: string;
  readonly traceback: string;
}

/** Something that was thrown. */
export type ThrownWire =
  | ({ readonly kind: 'error'; readonly isExpected: boolean } & ErrorWire)
  | {
      readonly kind: 'retry';
      readonly etaMs: number | undefined;
      readonly exc: ErrorWire | undefined;
      readonly args: string | undefined;
      readonly kwargs: string | undefined;
      readonly queue: string | undefined;
      readonly priority: number | undefined;
      readonly expiresMs: number | undefined;
    }
  | { readonly kind: 'reject'; readonly reason: string | null; readonly requeue: boolean }
  | { readonly kind: 'ignore'; readonly reason: string };

export type Outcome = { readonly kind: 'value'; readonly json: string } | ThrownWire;

/** What a task gave; a value that JSON cannot carry is a failure, as it is without a pool. */
export function encodeValue(task: RegisteredTask, value: unknown): Outcome {
  try {
    return { kind: 'value', json: writeJson(task.encodeResult(value)) };
  } catch (error) {
    return encodeThrown(encodeError(coerceError(error).message, error));
  }
}

/** Never throws. @param throws the classes whose errors are no surprise */
export function encodeThrown(thrown: unknown, throws: RegisteredTask['options']['throws'] = []): ThrownWire {
  const error = coerceThrown(thrown);
  try {
    const predicate = encodePredicate(error);
    if (predicate !== undefined) return predicate;
  } catch (unwritable) {
    return encodeThrown(encodeError(`what the task threw: ${coerceError(unwritable).message}`, unwritable));
  }
  return { kind: 'error', isExpected: isOneOf(error, throws), ...encodeAnyError(error) };
}

function encodePredicate(thrown: Error): ThrownWire | undefined {
  if (thrown instanceof Retry) return encodeRetry(thrown);
  if (thrown instanceof Reject)
    return portable({ kind: 'reject', reason: thrown.reason, requeue: thrown.requeue });
  if (thrown instanceof Ignore) return portable({ kind: 'ignore', reason: thrown.message });
  return undefined;
}

/** Its fields are the program's own, whatever their types say. @throws DataCloneError when it cannot leave the child */
function portable(wire: ThrownWire): ThrownWire {
  return structuredClone(wire);
}

function encodeRetry({ eta, exc, changes }: Retry): ThrownWire {
  try {
    const { args, kwargs, queue, priority, expires } = changes;
    return portable({
      kind: 'retry',
      etaMs: eta?.getTime(),
      exc: exc === undefined ? undefined : encodeAnyError(exc),
      args: args === undefined ? undefined : writeJson(args),
      kwargs: kwargs === undefined ? undefined : writeJson(kwargs),
      queue,
      priority,
      expiresMs: expires?.getTime(),
    });
  } catch (error) {
    return encodeThrown(encodeError(`the arguments of the retry: ${coerceError(error).message}`, error));
  }
}

function encodeAnyError(thrown: unknown): ErrorWire {
  try {
    // whole: the worker cuts them as its setting says
    const exception = writeJson(encodeException(thrown, Infinity));
    return { exception, traceback: tracebackOf(thrown, Infinity) };
  } catch (unwritable) {
    // its message is no text, or a getter of it throws: that it failed must get through all the same
    const failure = encodeError('the error that the task threw cannot be written', unwritable);
    return { exception: writeJson(encodeException(failure)), traceback: failure.stack ?? failure.message };
  }
}

/** Errors that the `throws` of their task names. */
const expected = new WeakSet<object>();

/** True for an error of a {@link PoolRun} when the task's option `throws` names its class, which only the child knows. */
export function isExpectedError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && expected.has(error);
}

/** @returns the value of a task that gave one @throws what it threw */
export function decodeOutcome(outcome: Outcome): unknown {
  if (outcome.kind === 'value') return parseJson(outcome.json, { floats: 'keep' });
  throw decodeThrown(outcome);
}

export function decodeThrown(wire: ThrownWire): Error {
  switch (wire.kind) {
    case 'reject':
      return new Reject(wire.reason, { requeue: wire.requeue });
    case 'ignore':
      return new Ignore(wire.reason);
    case 'retry':
      return decodeRetry(wire);
    case 'error': {
      const error = decodeError(wire);
      if (wire.isExpected) expected.add(error);
      return error;
    }
  }
}

function decodeRetry(wire: Extract<ThrownWire, { kind: 'retry' }>): Retry {
  const { etaMs, exc, args, kwargs, queue, priority, expiresMs } = wire;
  return new Retry(
    etaMs === undefined ? undefined : new Date(etaMs),
    exc === undefined ? undefined : decodeError(exc),
    {
      args: args === undefined ? undefined : (parseJson(args, { floats: 'keep' }) as unknown[]),
      kwargs:
        kwargs === undefined ? undefined : (parseJson(kwargs, { floats: 'keep' }) as Record<string, unknown>),
      queue,
      priority,
      expires: expiresMs === undefined ? undefined : new Date(expiresMs),
    },
  );
}

function decodeError({ exception, traceback }: ErrorWire): PythonError {
  const { excType, excModule, excArgs } = decodeException(parseJson(exception, { floats: 'keep' }));
  const error =
    timeLimitError(excType, excModule, excArgs) ?? new PythonError(excType, excArgs, { excModule });
  error.stack = traceback;
  return error;
}

/** Those that code on either side asks for by their class. */
function timeLimitError(
  excType: string,
  excModule: string,
  excArgs: readonly unknown[],
): PythonError | undefined {
  if (excModule !== 'billiard.exceptions') return undefined;
  if (excType === 'SoftTimeLimitExceeded' && excArgs.length === 0) return new SoftTimeLimitExceeded();
  const [seconds] = excArgs;
  if (excType === 'TimeLimitExceeded' && typeof seconds === 'number') return new TimeLimitExceeded(seconds);
  return undefined;
}
