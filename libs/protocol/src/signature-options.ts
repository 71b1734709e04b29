import type { TaskCall } from './encode-task-message.ts';
import { parseIsoformat } from './isoformat.ts';
import { DecodeError, InvalidTaskError } from './protocol-error.ts';
import { PythonFloat } from './python-float.ts';
import { pythonRepr } from './python-repr.ts';
import { PythonScalar } from './python-scalar.ts';
import { isMapping } from './python-type-name.ts';
import { isSignature, type Signature } from './signature.ts';

/** The options of a signature as they travel; `null` means not given. */
export type SignatureOptions = Readonly<Record<string, unknown>>;

/** Where the options of a signature send it. Nothing given: the sender knows the queue of the task, or has a default. */
export interface SignatureRoute {
  readonly queue?: string | undefined;
  /** Given together with `routingKey`, or not at all; then the two win over `queue`. */
  readonly exchange?: string | undefined;
  readonly routingKey?: string | undefined;
}

function refuse(name: string, expected: string, value: unknown): never {
  throw new InvalidTaskError(
    'embed-invalid',
    `option ${name} of a signature must be ${expected}, got ${pythonRepr(value).slice(0, 64)}`,
  );
}

/** A text; the empty one means none. */
export function textOption(options: SignatureOptions, name: string): string | undefined {
  const value = options[name] ?? undefined;
  if (value === undefined || value === '') return undefined;
  if (value instanceof PythonScalar && value.kind === 'uuid') return value.text;
  return typeof value === 'string' ? value : refuse(name, 'a string or null', value);
}

function numberOption(options: SignatureOptions, name: string): number | undefined {
  const value = options[name] ?? undefined;
  if (value === undefined) return undefined;
  const number = typeof value === 'bigint' || value instanceof PythonFloat ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number)
    ? number
    : refuse(name, 'a number or null', value);
}

function msOption(options: SignatureOptions, name: string): number | undefined {
  const seconds = numberOption(options, name);
  return seconds === undefined ? undefined : seconds * 1000;
}

function dateOption(options: SignatureOptions, name: string): Date | undefined {
  const value = options[name] ?? undefined;
  if (value === undefined || value === '') return undefined;
  if (value instanceof PythonScalar && (value.kind === 'datetime' || value.kind === 'date'))
    return value.toDate();
  try {
    if (typeof value === 'string') return parseIsoformat(value);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
  return refuse(name, 'an ISO 8601 text or null', value);
}

function signaturesOption(options: SignatureOptions, name: string): readonly Signature[] | null {
  const value = options[name] ?? null;
  const list: readonly unknown[] = value === null ? [] : Array.isArray(value) ? value : [value];
  if (!list.every(isSignature)) return refuse(name, 'a signature, a list of signatures or null', value);
  return list.length === 0 ? null : list;
}

/** A value from JSON as a header can hold it. */
function headerValue(value: unknown): unknown {
  if (value instanceof PythonFloat) return value.value;
  if (value instanceof PythonScalar) return value.text;
  if (Array.isArray(value)) return value.map(headerValue);
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, headerValue(item)]));
}

function headersOption(options: SignatureOptions): TaskCall['headers'] {
  const value = options['headers'] ?? {};
  if (!isMapping(value)) return refuse('headers', 'an object or null', value);
  return headerValue(value) as Record<string, unknown>; // an object gives an object
}

/** Names of the stamps among the options. */
export function stampedHeaders(options: SignatureOptions): readonly string[] {
  const names = options['stamped_headers'] ?? [];
  if (Array.isArray(names) && names.every((name): name is string => typeof name === 'string')) return names;
  return refuse('stamped_headers', 'a list of names or null', names);
}

function stampsOption(options: SignatureOptions): Pick<TaskCall, 'stampedHeaders' | 'stamps'> {
  const names = stampedHeaders(options);
  if (names.length === 0) return {};
  const given = names.filter((name) => Object.hasOwn(options, name));
  return {
    stampedHeaders: names,
    stamps: Object.fromEntries(given.map((name) => [name, headerValue(options[name])])),
  };
}

/** A countdown wins over an eta; a number as `expires` is seconds from now. */
function timesOption(options: SignatureOptions, now: Date): Pick<TaskCall, 'eta' | 'expires' | 'now'> {
  const countdownMs = msOption(options, 'countdown') ?? 0;
  const eta = countdownMs === 0 ? dateOption(options, 'eta') : new Date(now.getTime() + countdownMs);
  const { expires } = options;
  const isSpan = typeof expires === 'number' || typeof expires === 'bigint' || expires instanceof PythonFloat;
  const spanMs = isSpan ? msOption(options, 'expires') : undefined;
  return {
    now,
    eta,
    expires: spanMs === undefined ? dateOption(options, 'expires') : new Date(now.getTime() + spanMs),
  };
}

/**
 * The part of a call that the options of its signature decide. Keys that are none of Celery's options, and those that
 * only the client had a use for, are ignored: Celery would make properties of the message of them. So are `serializer`
 * and `compression`: what we send is plain JSON.
 *
 * [CANVAS-OPTIONS] Source: Celery 5.7.0, celery/app/base.py `send_task`, celery/app/amqp.py `as_task_v2`, celery/canvas.py
 * `Signature._merge`; recorded worker-rpc: `chain_exec`, `chain_to_group`.
 *
 * @throws InvalidTaskError naming the option that cannot be what it is
 */
export function callOptions(options: SignatureOptions, now: Date): Partial<TaskCall> {
  const hardMs = msOption(options, 'time_limit');
  const softMs = msOption(options, 'soft_time_limit');
  const chord = options['chord'] ?? null;
  if (chord !== null && !isSignature(chord)) return refuse('chord', 'a signature or null', chord);
  return {
    ...timesOption(options, now),
    ...stampsOption(options),
    replyTo: textOption(options, 'reply_to'),
    group: textOption(options, 'group_id'),
    groupIndex: numberOption(options, 'group_index'),
    retries: numberOption(options, 'retries'),
    priority: numberOption(options, 'priority'),
    timeLimits: { ...(hardMs !== undefined && { hardMs }), ...(softMs !== undefined && { softMs }) },
    shadow: textOption(options, 'shadow'),
    headers: headersOption(options),
    ignoreResult: Boolean(options['ignore_result'] ?? false),
    replacedTaskNesting: numberOption(options, 'replaced_task_nesting'),
    embed: {
      callbacks: signaturesOption(options, 'link'),
      errbacks: signaturesOption(options, 'link_error'),
      chord,
    },
  };
}

/**
 * Where the options send a call.
 *
 * [CANVAS-ROUTE] Source: Celery 5.7.0, celery/app/amqp.py `send_task_message`: an exchange counts only together with a
 * routing key, and the two win over a queue.
 *
 * @throws InvalidTaskError naming the option that is no text
 */
export function routeOptions(options: SignatureOptions): SignatureRoute {
  const exchange = textOption(options, 'exchange');
  const routingKey = textOption(options, 'routing_key');
  if (exchange !== undefined && routingKey !== undefined) return { exchange, routingKey };
  return { queue: textOption(options, 'queue') };
}
