/**
 * A result as `children` of another has it:
 *
 * ```
 * result = [[id, parent], null]      of a task
 *        | [[id, parent], [result…]] of a group
 * parent = result | null
 * ```
 *
 * [RESULT-TUPLE] Source: Celery 5.7.0, celery/result.py `AsyncResult.as_tuple`, `GroupResult.as_tuple`; recorded
 * worker-rpc: `chain_exec`, `chain_to_group`, `link_two_exec`.
 */
export type ResultTuple = readonly [
  readonly [id: string, parent: ResultTuple | null],
  readonly ResultTuple[] | null,
];

export function taskResult(id: string, parent: ResultTuple | null = null): ResultTuple {
  return [[id, parent], null];
}

export function groupResult(
  id: string,
  members: readonly ResultTuple[],
  parent: ResultTuple | null = null,
): ResultTuple {
  return [[id, parent], members];
}
