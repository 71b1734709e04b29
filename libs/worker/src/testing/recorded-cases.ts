import { parseJson, writeJson } from '@celeriac/protocol';
import type { WorkerSettings } from '../worker-settings.ts';

/** A recorded case that this release can play. */
export interface CoveredCase {
  /** How each message of the client is settled, where ours differs from what was recorded (SPEC.md §7.3 and §21). */
  readonly settled?: readonly string[];
  /** Edits of the recorded text of a result where ours differs, and why. */
  readonly edit?: (text: string) => string;
  readonly settings?: Partial<WorkerSettings>;
}

const rejected: CoveredCase = { settled: ['rejected'] };

/** The message of Celery's EncodeError is Python's about Python's types; ours names the path and the JavaScript type. */
const ownEncodeError: CoveredCase = {
  edit: (text) => text.replace(/"TypeError\([^)]*\)"/, '"<reason>"'),
};

/** The cases that are replayed; an empty entry is one in which ours does exactly what Python does. */
export const covered: Readonly<Record<string, CoveredCase>> = {
  result_int: {},
  result_float: {},
  result_float_integral: {},
  result_float_neg_zero: {},
  result_float_large: {},
  result_float_small: {},
  result_str: {},
  result_str_unicode: {},
  result_none: {},
  result_true: {},
  result_list_tuple: {},
  // JavaScript puts keys that look like integers first
  result_dict: { edit: (text) => text.replace('{"a": {"b": null}, "1": 2}', '{"1": 2, "a": {"b": null}}') },
  result_bigint: {},
  result_nan: {},
  result_inf: {},
  result_bytes: {},
  result_bytes_binary: {},
  result_datetime: {},
  result_date: {},
  result_time: {},
  result_uuid: {},
  result_decimal: {},
  result_set_unserialisable: ownEncodeError,
  result_object_unserialisable: ownEncodeError,
  result_asyncresult: {},
  failure_valueerror: {},
  failure_keyerror: {},
  failure_custom: {},
  failure_no_args: {},
  failure_multi_args: {},
  // the repr of an object of either language
  failure_unserialisable_arg: { edit: (text) => text.replace(/"<object object at [^"]*"/, '"<repr>"') },
  failure_bytes_arg: {},
  failure_unicode: {},
  failure_datetime_arg: {},
  failure_expected_throws: {},
  failure_wrong_arity: {},
  failure_bad_kwarg: {},
  started: {
    // a setting of the worker here, an option of the task there
    settings: { taskTrackStarted: true },
    edit: (text) => text.replace(/"pid": \d+/, `"pid": ${String(process.pid)}`),
  },
  ignored_result_task: {},
  ignore_result_header: {},
  failure_ignore_result: {},
  acks_late: {},
  countdown_execution: {},
  // the recording of main ends before the acknowledgement that the others show
  expired_in_worker: { settled: ['acked'] },
  unknown_task: {},
  group_exec: {},
  chain_exec: {},
  chain_exec_priority: {},
  chain_exec_fail: {},
  chain_to_group: {},
  link_exec: {},
  link_two_exec: {},
  link_error_old_style: {},
  link_error_unregistered: {},
  whoami: { edit: offeredPart },
  gzip_accepted: {},
  v1_message: {},
  v1_minimal: {},
  v2_minimal_headers: {},
  v2_embed_null: {},
  bad_no_task_header_no_body_task: {},
  bad_json_v1: rejected,
  bad_json_v2: rejected,
  bad_eta: {},
  bad_expires: {},
  bad_content_type_pickle: {},
  bad_content_type_unknown: {},
  text_plain_content_type: {},
  expired_on_arrival: {},
  expired_naive: {},
  eta_z_suffix: {},
  bad_no_id_header: rejected,
  bad_body_not_triple: rejected,
  bad_kwargs_not_mapping: rejected,
  no_content_type: rejected,
  bad_compression: rejected,
  unknown_compression: rejected,
  bad_typed_json: rejected,
};

/** The cases that are not, each with the reason. */
export const notCovered: Readonly<Record<string, string>> = {
  worker_startup:
    'events, remote control and gossip are to come; the declarations are in create-worker.spec.ts',
  failure_custom_unpicklable: 'pickling between the processes of a prefork pool, which we have not',
  update_state_progress: 'updateState is to come',
  retry_with_exc: 'retry is to come',
  retry_without_exc: 'retry is to come',
  retry_exhausted: 'retry is to come',
  autoretry: 'retry is to come',
  ignore: 'Ignore is to come',
  reject_no_requeue: 'Reject is to come',
  child_task: 'calls from within a task are to come',
  soft_time_limit: 'time limits are to come',
  hard_time_limit: 'time limits are to come',
  hard_time_limit_header: 'time limits are to come',
  worker_lost: 'a lost process takes its worker along here; the broker gives its tasks out again',
  rate_limited: 'rate limits are to come',
  link_error_new_style:
    'an errback that takes request, error and traceback is called in the process there; here every errback is a message',
  replace: 'replace is to come',
  shutdown_warm_sigterm: 'no messages; the order of a warm stop is in worker-shutdown.spec.ts',
};

/** The edit of a case without one. */
export function unedited(text: string): string {
  return text;
}

/** Of the recorded request what a task of this release is offered. */
function offeredPart(text: string): string {
  const later = new Set([
    'lang',
    'shadow',
    'timelimit',
    'is_eager',
    'properties',
    'stamps',
    'stamped_headers',
    'replaced_task_nesting',
  ]);
  const result = parseJson(text, { floats: 'keep' }) as Record<string, unknown>;
  const request = Object.entries(result['result'] as Record<string, unknown>);
  return writeJson({ ...result, result: Object.fromEntries(request.filter(([name]) => !later.has(name))) });
}
