import { InvalidTaskError } from './protocol-error.ts';
import { isMapping, pythonTypeName } from './python-type-name.ts';
import type { TaskParts } from './task-body.ts';

/*
 * body = {"task", "id", "args", "kwargs", "group", "group_index", "retries", "eta", "expires", "utc", "callbacks",
 *         "errbacks", "timelimit", "taskset", "chord"}; "task" and "id" alone are required
 */

/**
 * The arguments and the embed of a protocol 1 body, or of a hybrid one, which has protocol 2 headers and this body.
 * Protocol 1 has no chain: a chain is nested through callbacks.
 *
 * [TASK-V1-BODY] Source: Celery 5.7, celery/worker/strategy.py `proto1_to_proto2`, `hybrid_to_proto2`; vectors
 * `task-messages: v1_*`, `worker-rpc: v1_minimal`.
 *
 * @throws InvalidTaskError when kwargs is no mapping
 */
export function partsOfV1(body: Readonly<Record<string, unknown>>): TaskParts {
  const { args = [], kwargs = {}, callbacks = null, errbacks = null, chord = null } = body;
  if (!isMapping(kwargs)) {
    throw new InvalidTaskError(
      'kwargs-not-a-mapping',
      `kwargs of a task must be a mapping, got ${pythonTypeName(kwargs)}`,
    );
  }
  return { args, kwargs, embed: { callbacks, errbacks, chain: null, chord } };
}

/** The fields of a protocol 1 body under the names of protocol 2 headers: `taskset` is an older name of `group` and wins. */
export function headersOfV1(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.hasOwn(body, 'taskset') ? { ...body, group: body['taskset'] } : body;
}
