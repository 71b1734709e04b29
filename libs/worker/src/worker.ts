/**
 * A worker: consumes queues and runs the tasks registered for them. States are Celery's.
 *
 * | state | entered | left | what holds |
 * | --- | --- | --- | --- |
 * | `initializing` | construction | `start()` → `running` | nothing is consumed |
 * | `running` | `start()` | `stop()` → `closing` | tasks are received, run and settled; lost connections come back |
 * | `closing` | `stop()` (warm) | all tasks done → `stopped`; cold or the timeout → `terminating` | nothing new is started; what runs may finish |
 * | `terminating` | `stop({ mode: 'cold' })` | closed → `stopped` | what runs is told to stop and is not waited for |
 * | `stopped` | end of `stop()` | never | connections are closed; what was not settled is at the broker again |
 *
 * Warm shutdown in stages: consumers are cancelled; tasks that have not started are dropped (their messages go back when
 * the channel closes); running tasks finish; their follow-ups and results are confirmed and their deliveries acknowledged;
 * then the result store, the channel and the connections close. Nothing that a running task needs is closed before it ends.
 */
import type { MessageConsumer, Transport } from '@celeriac/amqp-transport';
import { taskQueueTopology } from '@celeriac/protocol';
import {
  coerceError,
  IllegalStateError,
  silentLogger,
  systemClock,
  type Clock,
  type Logger,
} from '@celeriac/primitives';
import type { ResultStore } from '@celeriac/result-backend';
import { TaskRegistry, type ImplementedHolder } from '@celeriac/task-registry';
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { EtaSchedule, longestTimeoutMs } from './eta-schedule.ts';
import { FollowUps } from './follow-ups.ts';
import type { ReceivedTask } from './received-task.ts';
import { TaskOutcomes, type TaskCounts } from './task-outcomes.ts';
import { TaskPool } from './task-pool.ts';
import { TaskReceiver } from './task-receiver.ts';
import { TaskRunner } from './task-runner.ts';
import { prefetchCount, resolveWorkerSettings, type WorkerSettings } from './worker-settings.ts';

export type WorkerState = 'initializing' | 'running' | 'closing' | 'terminating' | 'stopped';

export interface WorkerOptions {
  readonly transport: Transport;
  readonly store: ResultStore;
  /** Holders to serve: their queues are consumed, their tasks registered. */
  readonly holders: readonly ImplementedHolder[];
  /** Node name, `name@host`. */
  readonly nodeName: string;
  readonly settings?: Partial<WorkerSettings>;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

export interface StopOptions {
  /** `warm` lets running tasks finish; `cold` gives them back to the broker. Default `warm`. */
  readonly mode?: 'warm' | 'cold';
  /** A warm shutdown turns cold after this, in ms. Default: it waits for ever. */
  readonly timeoutMs?: number;
}

export class Worker {
  readonly nodeName: string;
  /** Resolves when the worker has stopped. */
  readonly done: Promise<void>;
  readonly #options: WorkerOptions;
  readonly #logger: Logger;
  readonly #prefetchCount: number;
  readonly #queues: readonly string[];
  readonly #registry = new TaskRegistry();
  readonly #outcomes: TaskOutcomes;
  readonly #pool: TaskPool<ReceivedTask>;
  readonly #etaSchedule: EtaSchedule;
  readonly #receiver: TaskReceiver;
  readonly #terminate = new AbortController();
  #consumer: MessageConsumer | undefined;
  #state: WorkerState = 'initializing';
  #stopping: Promise<void> | undefined;
  #resolveDone: () => void = () => undefined;

  /** @throws ImproperlyConfiguredError when a setting is wrong or two tasks share a name */
  constructor(options: WorkerOptions) {
    const { holders, nodeName, store, logger = silentLogger, clock = systemClock } = options;
    setMaxListeners(Infinity, this.#terminate.signal); // every task that runs may listen
    const settings = resolveWorkerSettings(options.settings);
    this.nodeName = nodeName;
    this.#options = options;
    this.#logger = logger;
    this.#prefetchCount = prefetchCount(settings);
    this.#queues = [...new Set(holders.map(({ holder }) => holder.queue))];
    for (const holder of holders) this.#registry.register(holder);
    const followUps = new FollowUps({
      transport: options.transport,
      registry: this.#registry,
      defaultQueue: this.#queues[0] ?? '',
      nodeName,
      clock,
    });
    this.#outcomes = new TaskOutcomes({ store, followUps, settings, clock, logger, nodeName });
    const runner = new TaskRunner({
      outcomes: this.#outcomes,
      nodeName,
      logger,
      signal: this.#terminate.signal,
    });
    this.#pool = new TaskPool(settings.workerConcurrency, runner.execute);
    this.#etaSchedule = new EtaSchedule(clock, (received) => {
      this.#receiver.schedule(received);
    });
    this.#receiver = new TaskReceiver({
      registry: this.#registry,
      pool: this.#pool,
      etaSchedule: this.#etaSchedule,
      outcomes: this.#outcomes,
      clock,
      logger,
      acceptContent: settings.acceptContent,
    });
    this.done = new Promise((resolve) => (this.#resolveDone = resolve));
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** True while tasks reach this worker: every queue is consumed and its results can be sent. */
  get isReady(): boolean {
    return (
      this.#state === 'running' && this.#consumer?.isConsuming === true && this.#options.transport.isConnected
    );
  }

  /** How many tasks ended how, since the start. */
  get counts(): Readonly<TaskCounts> {
    return this.#outcomes.counts;
  }

  /**
   * Starts to consume. Resolves once every queue is consumed, however long the broker is away; `stop()` ends the wait.
   *
   * @throws IllegalStateError when it was started before
   */
  async start(): Promise<void> {
    if (this.#state !== 'initializing')
      throw new IllegalStateError(`worker ${this.nodeName} is ${this.#state}`);
    this.#setState('running');
    this.#options.store.open();
    this.#consumer = this.#options.transport.consume({
      queues: this.#queues,
      topology: taskQueueTopology(this.#queues),
      prefetchCount: this.#prefetchCount,
      onDelivery: (delivery) => {
        if (this.#state === 'running') this.#receiver.receive(delivery);
        // else it stays unsettled and goes back when the channel closes
      },
    });
    const consuming = this.#consumer.whenConsuming().catch((error: unknown) => {
      if (this.#state === 'running') throw error; // else stop() has closed the consumer, which ends the wait
    });
    await Promise.race([consuming, this.done]);
    if (this.isReady) {
      const { nodeName } = this;
      this.#logger.info({ nodeName, queues: this.#queues, tasks: this.#registry.names() }, 'worker ready');
    }
  }

  /** Stops; resolves when all is closed. May be called again, also to turn a warm shutdown cold. */
  stop(options: StopOptions = {}): Promise<void> {
    if (options.mode === 'cold') this.#goCold();
    this.#stopping ??= this.#stop(options.timeoutMs);
    return this.#stopping;
  }

  async #stop(timeoutMs: number | undefined): Promise<void> {
    if (this.#state !== 'terminating') this.#setState('closing');
    const failures: Error[] = [];
    const attempt = async (step: Promise<unknown> | undefined): Promise<void> => {
      await step?.catch((error: unknown) => failures.push(coerceError(error)));
    };
    this.#etaSchedule.clear();
    // the pool at once: nothing that waits may start while the broker takes its time to answer the cancel
    const quiet = Promise.all([this.#pool.stop(), attempt(this.#consumer?.cancel())]);
    await this.#untilColdOr(quiet, timeoutMs);
    await attempt(this.#outcomes.close());
    await attempt(this.#options.store.close());
    await attempt(this.#consumer?.close());
    await attempt(this.#options.transport.close());
    this.#setState('stopped');
    this.#logger.info({ nodeName: this.nodeName, ...this.counts }, 'worker stopped');
    this.#resolveDone();
    if (failures.length > 0)
      throw new AggregateError(failures, `worker ${this.nodeName} stopped with errors`);
  }

  /** Waits for `quiet`, but not once the shutdown is cold, and makes it cold after `timeoutMs`. */
  async #untilColdOr(quiet: Promise<unknown>, timeoutMs = Infinity): Promise<void> {
    const cold = new Promise<void>((resolve) => {
      if (this.#terminate.signal.aborted) resolve();
      else
        this.#terminate.signal.addEventListener(
          'abort',
          () => {
            resolve();
          },
          { once: true },
        );
    });
    const finished = new AbortController();
    const timeout =
      timeoutMs === Infinity
        ? []
        : [
            delay(Math.min(timeoutMs, longestTimeoutMs), undefined, { signal: finished.signal }).then(
              () => {
                this.#goCold();
              },
              () => undefined, // finished in time
            ),
          ];
    await Promise.race([quiet, cold, ...timeout]);
    finished.abort();
  }

  #goCold(): void {
    if (this.#state === 'stopped' || this.#state === 'terminating') return;
    this.#setState('terminating');
    this.#logger.warn({ nodeName: this.nodeName, running: this.#pool.runningCount }, 'cold shutdown');
    this.#terminate.abort();
  }

  #setState(next: WorkerState): void {
    this.#logger.debug({ nodeName: this.nodeName, from: this.#state, to: next }, 'worker state');
    this.#state = next;
  }
}
