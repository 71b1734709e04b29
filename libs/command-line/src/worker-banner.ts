import { maskCredentials } from '@celeriac/app-shell';
import { release, type } from 'node:os';

/** What a worker is about to do, for people. */
export interface WorkerBanner {
  readonly nodeName: string;
  readonly version: string;
  /** The module of `-A`. */
  readonly app: string;
  readonly brokerUrl: string;
  readonly resultBackend: string;
  readonly workerConcurrency: number;
  readonly workerPool: string;
  readonly workerSendTaskEvents: boolean;
  readonly queues: readonly string[];
  /** Undefined: not shown. */
  readonly tasks: readonly string[] | undefined;
  readonly startedAt: Date;
}

/**
 * What a worker shows when it starts, in the form of Celery's. Credentials are masked.
 *
 * Source: Celery 5.7.0, celery/apps/worker.py `BANNER`, `EXTRA_INFO_FMT`; celery/app/amqp.py `QUEUE_FORMAT`.
 */
export function workerBanner(banner: WorkerBanner): string {
  const { nodeName, version, app, brokerUrl, resultBackend, workerConcurrency, workerPool } = banner;
  const { workerSendTaskEvents, queues, tasks } = banner;
  const startedAt = banner.startedAt.toISOString().replace('T', ' ').slice(0, 19);
  return [
    '',
    `${nodeName} v${version}`,
    '',
    `${type()}-${release()} Node.js-${process.versions.node} ${startedAt}`,
    '',
    '[config]',
    `.> app:         ${app}`,
    `.> transport:   ${maskCredentials(brokerUrl)}`,
    `.> results:     ${resultBackend}`,
    `.> concurrency: ${workerConcurrency} (${workerPool})`,
    `.> task events: ${workerSendTaskEvents ? 'ON' : 'OFF (enable -E to monitor tasks in this worker)'}`,
    '',
    '[queues]',
    ...queues.map((queue) => `.> ${queue.padEnd(16)} exchange=${queue}(direct) key=${queue}`),
    '',
    ...(tasks === undefined ? [] : ['[tasks]', ...[...tasks].sort().map((task) => `  . ${task}`), '']),
    '',
  ].join('\n');
}
