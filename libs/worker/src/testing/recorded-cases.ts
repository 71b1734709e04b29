import { parseJson, writeJson } from '@celeriac/protocol';
import { FakePool } from './fake-pool.ts';
import type { CoveredCase } from './recorded-case.ts';

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
    edit: (text) => text.replace(/"pid": \d+/, `"pid": ${String(process.pid)}`),
  },
  update_state_progress: {},
  // the recordings end before the acknowledgements of the retry and of the callback
  retry_with_exc: { settled: ['acked', 'acked', 'acked'] },
  retry_without_exc: {},
  retry_exhausted: {},
  autoretry: {},
  ignore: {},
  // the recorded worker has acknowledged before; a late one is in recorded-late-cases.ts
  reject_no_requeue: { acksLate: [false] },
  soft_time_limit: {},
  hard_time_limit: { isOnce: true },
  hard_time_limit_header: { isOnce: true },
  worker_lost: {
    settings: { taskRejectOnWorkerLost: false },
    pool: () =>
      new FakePool((run) => {
        run.lose();
      }),
  },
  // an acknowledgement of the case before is among those of this one
  rate_limited: { settled: ['acked', 'acked'] },
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
  worker_startup: 'no task; what a worker declares for its queues is in consumed-queues.spec.ts',
  failure_custom_unpicklable: 'pickling between the processes of a prefork pool, which we have not',
  child_task: 'a task here calls another by a client of its own, which is none of the worker',
  link_error_new_style:
    'an errback that takes request, error and traceback is called in the process there; here every errback is a message',
  replace: 'a task cannot replace itself here',
  shutdown_warm_sigterm: 'no messages; the order of a warm stop is in worker-shutdown.spec.ts',
};

/** Of the recorded request what a task here is offered: not the language of its caller, nor the bare properties. */
function offeredPart(text: string): string {
  const result = parseJson(text, { floats: 'keep' }) as Record<string, unknown>;
  const { lang, is_eager, properties, ...request } = result['result'] as Record<string, unknown>;
  expect([lang, is_eager, typeof properties]).toEqual(['py', false, 'object']);
  return writeJson({ ...result, result: request });
}
