import { parseIsoformat } from './isoformat.ts';
import { DecodeError, InvalidTaskError } from './protocol-error.ts';
import { pythonRepr } from './python-repr.ts';
import { isMapping } from './python-type-name.ts';
import type { TimeLimits } from './time-limits.ts';
import { decodeTimeLimits } from './time-limits.ts';

/** Everything that the headers of a task message say, with Celery's defaults for what they leave out. */
export interface TaskRequest {
  readonly protocol: 1 | 2;
  readonly name: string;
  readonly id: string;
  /** Name to show in logs and events instead of `name`. */
  readonly shadow?: string | undefined;
  readonly eta?: Date | undefined;
  readonly expires?: Date | undefined;
  readonly group?: string | undefined;
  readonly groupIndex?: number | undefined;
  /** Default 0. */
  readonly retries: number;
  readonly timeLimits: TimeLimits;
  /** Default `id`. */
  readonly rootId: string;
  readonly parentId?: string | undefined;
  readonly argsrepr?: string | undefined;
  readonly kwargsrepr?: string | undefined;
  /** Node that created the message. */
  readonly origin?: string | undefined;
  readonly lang?: string | undefined;
  /** Absent: the task's own setting holds. */
  readonly ignoreResult?: boolean | undefined;
  /** Default 0. */
  readonly replacedTaskNesting: number;
  readonly stampedHeaders: readonly string[];
  readonly stamps: Readonly<Record<string, unknown>>;
  /** Absent when nobody waits for a reply. */
  readonly replyTo?: string | undefined;
  /** Default `id`. */
  readonly correlationId: string;
  /** Custom headers only. */
  readonly headers: Readonly<Record<string, unknown>>;
}

/** What opening a message has already found out. */
export type TaskIdentity = Pick<TaskRequest, 'protocol' | 'name' | 'id' | 'correlationId'> & {
  readonly replyTo: string | undefined;
};

/** Keys with a meaning, legacy ones among them; every other header is the caller's own. */
const standardHeaders = new Set([
  'lang',
  'task',
  'id',
  'shadow',
  'eta',
  'expires',
  'group',
  'group_index',
  'retries',
  'timelimit',
  'root_id',
  'parent_id',
  'argsrepr',
  'kwargsrepr',
  'origin',
  'ignore_result',
  'replaced_task_nesting',
  'stamped_headers',
  'stamps',
  'compression',
  'meth',
  'groups',
  'taskset',
  'properties',
  'delivery_info',
]);

/** Whether a header of this name is Celery's: a custom one of the same name would take its place on the wire. */
export function isStandardHeader(name: string): boolean {
  return standardHeaders.has(name);
}

const noHeaders: Readonly<Record<string, unknown>> = Object.freeze({});
const noNames: readonly string[] = Object.freeze([]);

/**
 * The headers that the caller added: everything that is not Celery's.
 *
 * [TASK-CUSTOM-HEADERS] Source: vectors `worker-rpc: whoami`, `task-messages: custom_headers`.
 */
export function customHeaders(headers: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  let custom: Record<string, unknown> | undefined;
  for (const key of Object.keys(headers)) {
    if (standardHeaders.has(key)) continue;
    custom ??= {};
    Object.defineProperty(custom, key, {
      value: headers[key],
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return custom ?? noHeaders;
}

function refuse(key: string, expected: string, value: unknown): never {
  throw new InvalidTaskError(
    'header-invalid',
    `${key} of a task must be ${expected}, got ${pythonRepr(value).slice(0, 64)}`,
  );
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function idIn(value: unknown, key: string): string | undefined {
  if (isAbsent(value) || value === '') return undefined;
  return typeof value === 'string' ? value : refuse(key, 'a string or null', value);
}

/** Texts for people: one that is no text is not worth refusing a task for. */
function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function countIn(value: unknown, key: string): number | undefined {
  if (isAbsent(value)) return undefined;
  const n = typeof value === 'bigint' ? Number(value) : value;
  return typeof n === 'number' && Number.isSafeInteger(n) && n >= 0
    ? n
    : refuse(key, 'a non-negative integer or null', value);
}

/** [TASK-DATE-HEADER] eta and expires: null and the empty text mean none, anything but a date refuses the task. */
function dateIn(value: unknown, key: string): Date | undefined {
  if (isAbsent(value) || value === '') return undefined;
  if (value instanceof Date) return value;
  try {
    if (typeof value === 'string') return parseIsoformat(value);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new InvalidTaskError('date-not-parsable', `${key} of a task cannot be read: ${error.message}`, {
      cause: error,
    });
  }
  throw new InvalidTaskError(
    'date-not-parsable',
    `${key} of a task must be an ISO 8601 text, got ${pythonRepr(value).slice(0, 64)}`,
  );
}

function flagIn(value: unknown): boolean | undefined {
  return isAbsent(value) ? undefined : Boolean(value);
}

function namesIn(value: unknown, key: string): readonly string[] {
  if (isAbsent(value)) return noNames;
  if (Array.isArray(value) && value.every((name): name is string => typeof name === 'string')) return value;
  return refuse(key, 'a list of names or null', value);
}

function tableIn(value: unknown, key: string): Readonly<Record<string, unknown>> {
  if (isAbsent(value)) return noHeaders;
  return isMapping(value) ? value : refuse(key, 'a table or null', value);
}

/**
 * Reads the headers of a task, or the fields of a protocol 1 body, which has the same names.
 *
 * [TASK-V2-HEADERS] Source: Celery 5.7, celery/app/amqp.py `as_task_v2` writes them, celery/worker/request.py and
 * celery/app/task.py `Context` read them; vectors `task-messages`, `worker-rpc: v2_minimal_headers`.
 *
 * @param custom headers of the caller's own
 * @throws InvalidTaskError naming the header that cannot be what it is
 */
export function decodeTaskRequest(
  fields: Readonly<Record<string, unknown>>,
  identity: TaskIdentity,
  custom: Readonly<Record<string, unknown>>,
): TaskRequest {
  return {
    protocol: identity.protocol,
    name: identity.name,
    id: identity.id,
    shadow: idIn(fields['shadow'], 'shadow'),
    eta: dateIn(fields['eta'], 'eta'),
    expires: dateIn(fields['expires'], 'expires'),
    group: idIn(fields['group'], 'group'),
    groupIndex: countIn(fields['group_index'], 'group_index'),
    retries: countIn(fields['retries'], 'retries') ?? 0,
    timeLimits: decodeTimeLimits(fields['timelimit']),
    rootId: idIn(fields['root_id'], 'root_id') ?? identity.id,
    parentId: idIn(fields['parent_id'], 'parent_id'),
    argsrepr: textIn(fields['argsrepr']),
    kwargsrepr: textIn(fields['kwargsrepr']),
    origin: textIn(fields['origin']),
    lang: textIn(fields['lang']),
    ignoreResult: flagIn(fields['ignore_result']),
    replacedTaskNesting: countIn(fields['replaced_task_nesting'], 'replaced_task_nesting') ?? 0,
    stampedHeaders: namesIn(fields['stamped_headers'], 'stamped_headers'),
    stamps: tableIn(fields['stamps'], 'stamps'),
    replyTo: identity.replyTo,
    correlationId: identity.correlationId,
    headers: custom,
  };
}
