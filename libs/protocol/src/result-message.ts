import type { ReadContentOptions } from './content.ts';
import { readContent } from './content.ts';
import { pythonIsoformat } from './isoformat.ts';
import { writeJsonString } from './json-string.ts';
import type { IncomingMessage } from './message.ts';
import { DecodeError } from './protocol-error.ts';
import { isMapping, pythonTypeName } from './python-type-name.ts';
import type { SerializerName } from './serializer.ts';
import { jsonSerializer, resolveSerializer } from './serializer.ts';
import type { TaskState } from './task-state.ts';
import type { WriteJsonOptions } from './write-json.ts';
import { writeJson } from './write-json.ts';

/** A state of a task with what belongs to it. */
export interface ResultMessage {
  readonly taskId: string;
  readonly status: TaskState;
  /** Value, or encoded exception, or whatever a custom state carries. */
  readonly result: unknown;
  readonly traceback: string | null;
  /** Result tuples of the tasks that this one sent; null when stored outside a task. */
  readonly children: readonly unknown[] | null;
  /** When a ready state was reached. Decoding leaves it as the text that came. */
  readonly dateDone: Date | string | null;
  readonly groupId?: string | undefined;
  readonly parentId?: string | undefined;
  /** What `result_extended` adds, by the names on the wire. Decoding leaves it out. */
  readonly extended?: Readonly<Record<string, unknown>> | undefined;
  /** About what it takes in memory, in bytes, when it was decoded. */
  readonly decodedBytes?: number | undefined;
}

export interface DecodeResultOptions extends ReadContentOptions {
  /** `'keep'` gives integral floats as PythonFloat. Default `'number'`. */
  readonly floats?: 'number' | 'keep' | undefined;
}

export interface EncodeResultOptions extends WriteJsonOptions {
  /** `result_serializer`, whose content type the properties must name. Default `'json'`. */
  readonly serializer?: SerializerName | undefined;
}

/*
 * 5.7:    {"status", "result", "traceback", "children", "date_done" [, "group_id"] [, "parent_id"] [, extended…], "task_id"}
 * before: {"task_id", "status", "result", "traceback", "children"}
 */

function writeText(text: string | null): string {
  return text === null ? 'null' : writeJsonString(text);
}

function writeJsonResult(result: ResultMessage, options?: WriteJsonOptions): Buffer {
  const { dateDone, groupId, parentId, children } = result;
  const childrenText = children?.length === 0 ? '[]' : writeJson(children, options);
  const date = dateDone instanceof Date ? `"${pythonIsoformat(dateDone)}"` : writeText(dateDone);
  const group = groupId === undefined ? '' : `, "group_id": ${writeJsonString(groupId)}`;
  const parent = parentId === undefined ? '' : `, "parent_id": ${writeJsonString(parentId)}`;
  const extended = result.extended === undefined ? '' : writeExtended(result.extended, options);
  // ASCII alone, which latin1 copies as it is
  return Buffer.from(
    `{"status": ${writeJsonString(result.status)}, "result": ${writeJson(result.result, options)}, ` +
      `"traceback": ${writeText(result.traceback)}, "children": ${childrenText}, ` +
      `"date_done": ${date}${group}${parent}${extended}, "task_id": ${writeJsonString(result.taskId)}}`,
    'latin1',
  );
}

function writeExtended(fields: Readonly<Record<string, unknown>>, options?: WriteJsonOptions): string {
  return Object.entries(fields)
    .map(([name, value]) => `, ${writeJsonString(name)}: ${writeJson(value, options)}`)
    .join('');
}

function resultFields({
  status,
  result,
  traceback,
  children,
  dateDone,
  groupId,
  parentId,
  extended,
  taskId,
}: ResultMessage): object {
  return {
    status,
    result,
    traceback,
    children,
    date_done: dateDone instanceof Date ? pythonIsoformat(dateDone) : dateDone,
    group_id: groupId,
    parent_id: parentId,
    ...extended,
    task_id: taskId,
  };
}

/**
 * The body of a result on `rpc://`, in the form of Celery 5.7; older clients skip the keys that they do not know.
 *
 * [RESULT-RPC-ENCODE] Source: Celery 5.7, celery/backends/base.py `_get_result_meta`, celery/backends/rpc.py `_to_result`;
 * vectors `results-rpc`.
 *
 * @throws EncodeError when the result has no form in the serializer; names the path to what has none
 * @throws ImproperlyConfiguredError when the serializer is unknown
 */
export function encodeResult(result: ResultMessage, options?: EncodeResultOptions): Buffer {
  const serializer =
    options?.serializer === undefined ? jsonSerializer : resolveSerializer(options.serializer);
  if (serializer === jsonSerializer) return writeJsonResult(result, options);
  return serializer.serialize(resultFields(result));
}

function refuse(key: string, expected: string, value: unknown): never {
  throw new DecodeError(`${key} of a result must be ${expected}, got ${pythonTypeName(value)}`, {
    reason: 'result-invalid',
  });
}

function textIn(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function idIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * Reads a result of any release, keys in any order. Without a `task_id` the correlation id takes its place.
 *
 * [RESULT-RPC-DECODE] Source: Celery 5.7, celery/backends/rpc.py `ResultConsumer.on_state_change`; vectors `results-rpc`.
 *
 * @throws DecodeError when the body cannot be read or is no result
 * @throws ContentDisallowedError when the content type is missing or not accepted
 */
export function decodeResult(message: IncomingMessage, options: DecodeResultOptions = {}): ResultMessage {
  const size = { decodedBytes: 0 };
  const body = readContent(message, options, options.floats ?? 'number', size, 0);
  if (!isMapping(body)) return refuse('the body', 'an object', body);
  const status = body['status'];
  if (typeof status !== 'string' || status === '') return refuse('status', 'a state name', status);
  const taskId = idIn(body['task_id']) ?? idIn(message.properties.correlationId);
  if (taskId === undefined) return refuse('task_id', 'a string', body['task_id']);
  const children = body['children'];
  return {
    taskId,
    status,
    result: body['result'] ?? null,
    traceback: textIn(body['traceback']),
    children: Array.isArray(children) ? children : null,
    dateDone: textIn(body['date_done']),
    groupId: idIn(body['group_id']),
    parentId: idIn(body['parent_id']),
    decodedBytes: size.decodedBytes,
  };
}
