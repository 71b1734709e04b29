import { FakePool } from './fake-pool.ts';
import type { CoveredCase } from './recorded-case.ts';

/** The number of the lost run in its pool. */
const anyJob = (text: string): string => text.replace(/Job: \d+\./, 'Job: 58.');

/** `result_extended=True, result_persistent=True`, on a worker of another name. */
const extended: CoveredCase = {
  settings: { resultExtended: true },
  store: { persistent: true },
  nodeName: 'we@vec',
};

/** The recorded worker takes three kinds of content and writes one of them. */
const inMessagePack: CoveredCase = {
  settings: { acceptContent: ['json', 'msgpack', 'yaml'] },
  store: { serializer: 'msgpack' },
};

/** The cases that are replayed; an empty entry is one in which ours does exactly what Python does. */
export const covered: Readonly<Record<string, CoveredCase>> = {
  reject_late: {},
  reject_late_requeue: {},
  fail_late_acked: {},
  fail_late_noack: {},
  ignore_late: {},
  retry_late: {},
  worker_lost_late_default: {
    edit: anyJob,
    pool: () =>
      new FakePool((run) => {
        run.lose();
      }),
  },
  worker_lost_reject_on_worker_lost: {
    pool: () =>
      new FakePool((run) => {
        if (run.task.deliveryInfo.redelivered) run.finish('survived');
        else run.lose();
      }),
  },
  hard_limit_late_noack: {},
  rpc_result_extended: extended,
  rpc_failure_extended: extended,
  rpc_result_msgpack: inMessagePack,
  rpc_failure_msgpack: inMessagePack,
  accept_msgpack_task: inMessagePack,
  accept_yaml_task: inMessagePack,
};

/** The cases that are not, each with the reason. */
export const notCovered: Readonly<Record<string, string>> = {
  event_receiver: 'no task; what a receiver of events declares and consumes',
};
