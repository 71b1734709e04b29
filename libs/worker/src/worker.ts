/**
 * A worker: consumes queues and runs the tasks registered for them. States are Celery's.
 *
 * | state | entered | left | what holds |
 * | --- | --- | --- | --- |
 * | `initializing` | construction | `start()` → `running` | nothing is consumed |
 * | `running` | `start()` | `stop()` → `closing` | tasks are received, run and settled; lost connections come back |
 * | `closing` | `stop()` (warm or soft) | all tasks done → `stopped`; cold or the timeout → `terminating` | nothing new is started; what runs may finish |
 * | `terminating` | `stop({ mode: 'cold' })` | closed → `stopped` | what runs is told to stop and is not waited for |
 * | `stopped` | end of `stop()` | never | connections are closed; what was not settled is at the broker again |
 *
 * Warm shutdown in stages: consumers are cancelled; tasks that have not started are dropped (their messages go back when
 * the channel closes); running tasks finish; their follow-ups and results are confirmed and their deliveries acknowledged;
 * then the pool, the result store, the channel and the connections close. Nothing that a running task needs is closed
 * before it ends.
 */
import type { Delivery, MessageConsumer, Transport } from '@celeriac/amqp-transport';
import type { TaskQueue } from '@celeriac/protocol';
import {
  coerceError,
  guardLogger,
  IllegalStateError,
  ImproperlyConfiguredError,
  logReceiverErrors,
  silentLogger,
  systemClock,
  type Clock,
  type Logger,
  type Signal,
} from '@celeriac/primitives';
import type { ResultStore } from '@celeriac/result-backend';
import type { ImplementedHolder } from '@celeriac/task-registry';
import { ColdShutdown } from './cold-shutdown.ts';
import type { WorkerLoad } from './events/heart.ts';
import { WorkerEvents, type TaskEventsSwitch } from './events/worker-events.ts';
import type { ExecutionPool } from './pools/execution-pool.ts';
import { moduleLoading } from './pools/loading-tasks.ts';
import { consumedQueues } from './receive/consumed-queues.ts';
import { RevokedStateFile } from './revoke/revoked-state-file.ts';
import { StrayErrors, type EscapeOrigin, type EscapeVerdict } from './run/stray-errors.ts';
import type { TaskRun } from './run/task-run.ts';
import type { TaskCounts } from './settle/task-counts.ts';
import { TaskControl } from './task-control.ts';
import { createWorkerParts, type WorkerParts } from './worker-parts.ts';
import {
  prefetchCount,
  resolveWorkerSettings,
  type ResolvedWorkerSettings,
  type WorkerSettings,
} from './worker-settings.ts';
import { WorkerSignals } from './worker-signals.ts';

export type WorkerState = 'initializing' | 'running' | 'closing' | 'terminating' | 'stopped';

export interface WorkerOptions {
  readonly transport: Transport;
  readonly store: ResultStore;
  /** Holders to serve: their tasks are registered, and their queues consumed unless `queues` says otherwise. */
  readonly holders: readonly ImplementedHolder[];
  /** Queues to consume, by name or with the options that they are declared with. Default those of the holders. */
  readonly queues?: readonly (string | TaskQueue)[] | undefined;
  /** Node name, `name@host`. */
  readonly nodeName: string;
  readonly settings?: Partial<WorkerSettings>;
  /** Threads or processes that run the tasks. Default: they run on this event loop. */
  readonly executionPool?: ExecutionPool | undefined;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

export interface StopOptions {
  /**
   * `warm` lets running tasks finish; `soft` lets them for `timeoutMs`; `cold` gives them back to the broker. Default
   * `warm`.
   */
  readonly mode?: 'warm' | 'soft' | 'cold';
  /** A warm or soft shutdown turns cold after this, in ms. Default: it waits for ever. */
  readonly timeoutMs?: number;
}

/** Records of starts are withdrawn for this long when the worker closes, in ms. */
const drainMs = 5000;

export class Worker {
  readonly nodeName: string;
  /** Resolves when the worker has stopped. */
  readonly done: Promise<void>;
  /** Celery's signals of this worker: connect to what is to be known. */
  readonly signals = new WorkerSignals();
  /** Orders for tasks while the worker runs, as Celery's remote control has them. */
  readonly control: TaskControl;
  /** Switches the events of tasks while the worker runs, as Celery's remote control does. */
  readonly events: TaskEventsSwitch;
  readonly #options: WorkerOptions;
  readonly #logger: Logger;
  readonly #settings: ResolvedWorkerSettings;
  readonly #parts: WorkerParts;
  readonly #strays: StrayErrors;
  readonly #cold = new ColdShutdown();
  readonly #events: WorkerEvents;
  #consumer: MessageConsumer | undefined;
  #stateFile: RevokedStateFile | undefined;
  #state: WorkerState = 'initializing';
  #stopping: Promise<void> | undefined;
  #resolveDone: () => void = () => undefined;

  /** @throws ImproperlyConfiguredError when a setting is wrong or two tasks share a name */
  constructor(options: WorkerOptions) {
    const { executionPool, nodeName, transport, clock = systemClock } = options;
    const logger = guardLogger(options.logger ?? silentLogger);
    const settings = resolveWorkerSettings(options.settings);
    this.nodeName = nodeName;
    this.#options = options;
    this.#logger = logger;
    this.#settings = settings;
    this.#parts = createWorkerParts({ ...options, logger }, settings, this.signals);
    const { active, signals, tasks } = this.#parts;
    this.#strays = new StrayErrors({ active, names: () => tasks.names(), logger });
    const load = (): WorkerLoad => this.#load();
    this.#events = new WorkerEvents({ transport, signals, settings, nodeName, clock, logger, load });
    this.events = this.#events;
    this.control = new TaskControl({ ...this.#parts, executionPool });
    this.done = new Promise((resolve) => (this.#resolveDone = resolve));
  }

  get state(): WorkerState {
    return this.#state;
  }

  /**
   * True while tasks reach this worker: every queue is consumed, its results can be sent, and the prefetch count is not
   * taken by what the broker should hold until it is due, and does not.
   */
  get isReady(): boolean {
    if (this.#state !== 'running' || this.#consumer?.isConsuming !== true) return false;
    return this.#options.transport.isConnected && !this.#isFull();
  }

  /** What became of tasks since the start. */
  get counts(): Readonly<TaskCounts> {
    return this.#parts.outcomes.counts;
  }

  /** Whether nothing runs, and nothing waits here to run. */
  get isIdle(): boolean {
    const { pool, suspects, waiting } = this.#parts;
    return pool.runningCount + pool.waitingCount + waiting.size === 0 && suspects?.isIdle !== false;
  }

  /**
   * Starts to consume. Resolves once every queue is consumed, however long the broker is away; `stop()` ends the wait.
   *
   * @throws IllegalStateError when it was started before
   * @throws ImproperlyConfiguredError when the pool cannot load the tasks, the state file cannot be used, or the module
   * that calls this is being loaded for its tasks, by a pool or by `celeriac -A`
   */
  async start(): Promise<void> {
    if (this.#state !== 'initializing')
      throw new IllegalStateError(`worker ${this.nodeName} is ${this.#state}`);
    const module = moduleLoading();
    if (module !== undefined)
      throw new ImproperlyConfiguredError(
        `${module.href} starts a worker while it is loaded for its tasks; name the module that exports the tasks and starts none`,
      );
    this.#setState('running');
    this.#tell(this.signals.workerInit);
    await this.#openStateFile();
    await this.#options.executionPool?.start();
    if (this.#hasStopped()) return;
    this.#warnOfConsumerTimeout();
    this.#options.store.open();
    this.#events.start();
    this.#consumer = this.#options.transport.consume({
      queues: this.#parts.queues.names,
      topology: this.#parts.queues.topology,
      prefetchCount: prefetchCount(this.#settings),
      onDelivery: (delivery) => {
        if (this.#state === 'running') this.#delivered(delivery);
        // else it stays unsettled and goes back when the channel closes
      },
      onDeliveriesLost: () => {
        this.#deliveriesLost();
      },
    });
    this.#parts.intake.open(this.#consumer);
    this.#parts.memory.start();
    const consuming = this.#consumer.whenConsuming().catch((error: unknown) => {
      if (this.#state === 'running') throw error; // else stop() has closed the consumer, which ends the wait
    });
    await Promise.race([consuming, this.done]);
    if (this.isReady) {
      const { nodeName } = this;
      this.#logger.info(
        { nodeName, queues: this.#parts.queues.names, tasks: this.#parts.tasks.names() },
        'worker ready',
      );
      this.#tell(this.signals.workerReady);
    }
  }

  /**
   * Consumes one more queue, from now on and after every loss of the connection: `add_consumer`.
   *
   * @throws OperationalError when the broker refuses the declaration; the other queues go on
   * @throws IllegalStateError when the worker does not run
   */
  async addConsumer(queue: string | TaskQueue): Promise<void> {
    const consumer = this.#runningConsumer();
    const { names, topology } = consumedQueues({ queues: [queue], settings: this.#settings });
    await Promise.all(names.map((name) => consumer.add(name, topology)));
  }

  /**
   * No longer consumes a queue: `cancel_consumer`. What was delivered from it is run and settled.
   *
   * @throws IllegalStateError when the worker does not run
   */
  async cancelConsumer(queue: string): Promise<void> {
    await this.#runningConsumer().remove(queue);
  }

  /** Stops; resolves when all is closed. May be called again, also to turn a warm shutdown soft or cold. */
  stop(options: StopOptions = {}): Promise<void> {
    const { mode = 'warm', timeoutMs } = options;
    if (this.#state !== 'stopped') {
      this.#tellShuttingDown(mode);
      if (mode === 'cold') this.#goCold();
      else if (timeoutMs !== undefined)
        this.#cold.after(timeoutMs, () => {
          this.#goCold();
        });
    }
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /**
   * Takes an error that escaped, from `process.on('uncaughtException')` or `process.on('unhandledRejection')`: it is
   * logged, with the task that it came from as far as that can be told. See docs/decisions/0029.
   *
   * @returns `finish` when the worker should be stopped warm; undefined when it does not run, so that the error is not a task's
   */
  onEscapedError(caught: unknown, origin: EscapeOrigin): EscapeVerdict | undefined {
    if (this.#state === 'initializing' || this.#state === 'stopped') return undefined;
    return this.#strays.take(caught, origin);
  }

  async #stop(): Promise<void> {
    if (this.#state !== 'terminating') this.#setState('closing');
    this.#parts.memory.stop();
    this.#parts.intake.close();
    const failures: Error[] = [];
    const attempt = async (step: Promise<unknown> | undefined): Promise<void> => {
      await step?.catch((error: unknown) => failures.push(coerceError(error)));
    };
    this.#parts.waiting.close();
    this.#parts.suspects?.stop();
    let returned = this.#parts.pool.waitingCount;
    // the pool at once: nothing that waits may start while the broker takes its time to answer the cancel
    const quiet = Promise.all([this.#parts.pool.stop(), attempt(this.#consumer?.cancel())]);
    await Promise.race([quiet, this.#cold.begun]);
    this.#cold.clear();
    returned += this.#parts.active.size;
    for (const run of [...this.#parts.active]) this.#giveUp(run, 'the worker shuts down');
    await attempt(this.#options.executionPool?.close());
    await attempt(this.#parts.outcomes.close());
    returned += this.#parts.waiting.returnedCount;
    await attempt(this.#parts.suspects?.close(drainMs));
    await attempt(this.#events.stop());
    await attempt(this.#options.store.close());
    await attempt(this.#consumer?.close());
    await attempt(this.#options.transport.close());
    await attempt(this.#stateFile?.close());
    this.#setState('stopped');
    this.#cold.clear(); // a stop() that came while all was closed may have set another timeout
    this.#logger.info({ nodeName: this.nodeName, ...this.counts, returned }, 'worker stopped');
    this.#tell(this.signals.workerShutdown);
    this.#resolveDone();
    if (failures.length > 0)
      throw new AggregateError(failures, `worker ${this.nodeName} stopped with errors`);
  }

  async #openStateFile(): Promise<void> {
    const { workerStateDb: path } = this.#settings;
    if (path === undefined) return;
    const file = await RevokedStateFile.open({ path, revoked: this.#parts.revoked, logger: this.#logger });
    this.#stateFile = file;
  }

  #goCold(): void {
    if (this.#state === 'stopped' || this.#state === 'terminating') return;
    this.#setState('terminating');
    this.#logger.warn({ nodeName: this.nodeName, running: this.#parts.pool.runningCount }, 'cold shutdown');
    this.#cold.begin();
  }

  #delivered(delivery: Delivery): void {
    const { intake, memory, receiver } = this.#parts;
    memory.delivered(delivery);
    if (!intake.handsBack(delivery)) receiver.receive(delivery);
  }

  #deliveriesLost(): void {
    this.#parts.waiting.dropLost();
    this.#parts.pool.removeWhere(({ delivery }) => delivery.isLost);
    this.#parts.suspects?.deliveriesLost();
    if (!this.#settings.workerCancelLongRunningTasksOnConnectionLoss) return;
    for (const run of [...this.#parts.active]) {
      const { delivery } = run.received;
      // what was acknowledged does not come again
      if (delivery.isLost && !delivery.isSettled) this.#giveUp(run, 'the connection was lost');
    }
  }

  #giveUp(run: TaskRun, why: string): void {
    this.#parts.signals.cancelled(run.received);
    run.abandon(new Error(why));
  }

  #load(): WorkerLoad {
    const { succeeded, failed, retried, ignored, rejected } = this.counts;
    const { runningCount: active } = this.#parts.pool;
    return { active, processed: succeeded + failed + retried + ignored + rejected + active };
  }

  /** Whether the broker delivers nothing more, as all that it may has to wait here and it takes none of it back. */
  #isFull(): boolean {
    const most = prefetchCount(this.#settings) * this.#parts.queues.names.length;
    return most > 0 && this.#parts.waiting.isFull(most);
  }

  /** A delivery that is unsettled for longer than the broker allows costs the channel, and is delivered again. */
  #warnOfConsumerTimeout(): void {
    const { consumerTimeoutMs } = this.#settings;
    for (const { task, policy } of this.#parts.tasks) {
      if (!policy.acksLate || policy.hardMs === undefined || policy.hardMs < consumerTimeoutMs) continue;
      this.#logger.warn(
        { task: task.name, timeLimitMs: policy.hardMs, consumerTimeoutMs },
        'a run may outlast the consumer_timeout of the broker, which would deliver its message again: raise that, lower the time limit, or acknowledge the task early',
      );
    }
  }

  #runningConsumer(): MessageConsumer {
    if (this.#state === 'running' && this.#consumer !== undefined) return this.#consumer;
    throw new IllegalStateError(`worker ${this.nodeName} is ${this.#state}, it consumes nothing`);
  }

  /** Reads the state anew: it changes while something is awaited. */
  #hasStopped(): boolean {
    return this.#state !== 'running';
  }

  #tell(signal: Signal<{ readonly nodeName: string }>): void {
    signal.send({ nodeName: this.nodeName }, logReceiverErrors(this.#logger));
  }

  #tellShuttingDown(how: 'warm' | 'soft' | 'cold'): void {
    this.signals.workerShuttingDown.send({ nodeName: this.nodeName, how }, logReceiverErrors(this.#logger));
  }

  #setState(next: WorkerState): void {
    this.#logger.debug({ nodeName: this.nodeName, from: this.#state, to: next }, 'worker state');
    this.#state = next;
  }
}
