import type { InMemoryTransport } from '@celeriac/in-memory-transport';
import type { Clock } from '@celeriac/primitives';
import type { RegisteredTask, TaskContext, TaskExecutionOptions } from '@celeriac/task-registry';
import { RecordingLogger } from '@celeriac/testing';
import { ActiveRuns } from '../run/active-runs.ts';
import type { ReceivedTask } from '../receive/received-task.ts';
import { RevokedTasks } from '../revoke/revoked-tasks.ts';
import { TaskAdmission } from '../receive/task-admission.ts';
import type { TaskOutcomes } from '../settle/task-outcomes.ts';
import { TaskRunner } from '../run/task-runner.ts';
import type { WorkerSettings } from '../worker-settings.ts';
import type { FakeDelivery } from './fake-delivery.ts';
import type { FakePool } from './fake-pool.ts';
import { outcomesFixture } from './outcomes.ts';
import { optionedTask, receivedTask } from './received-task.ts';
import { unlimitedWaiting } from './unlimited-waiting.ts';
import type { RecordingStore } from './recording-store.ts';

export interface RunFixtureOptions {
  /** Of the task. */
  readonly options?: TaskExecutionOptions;
  /** Of its worker. */
  readonly settings?: Partial<WorkerSettings>;
  readonly pool?: FakePool;
}

const clock: Clock = { now: () => Date.now() };

/** The part of a worker that runs tasks, for the task `work`; its results are confirmed when the spec says so. */
export class RunFixture {
  readonly logger = new RecordingLogger();
  readonly active = new ActiveRuns();
  readonly store: RecordingStore;
  readonly outcomes: TaskOutcomes;
  readonly runner: TaskRunner;
  readonly #transport: InMemoryTransport;
  readonly #task: RegisteredTask;
  readonly #settings: Partial<WorkerSettings>;

  constructor(
    run: (context: TaskContext) => unknown,
    { options = {}, settings = {}, pool }: RunFixtureOptions = {},
  ) {
    const { logger, active } = this;
    const { outcomes, signals, store, transport } = outcomesFixture({ clock, logger });
    this.store = store;
    this.outcomes = outcomes;
    this.#transport = transport;
    this.#settings = settings;
    this.runner = new TaskRunner(
      { outcomes, signals, active, pool, nodeName: 'w1@host', logger, clock },
      new TaskAdmission(new RevokedTasks(), clock),
      unlimitedWaiting(),
    );
    const task = optionedTask(options, run);
    this.#task = pool === undefined ? task : { ...task, encodeResult: (value) => value };
  }

  /** A message of the task, with a delivery of its own. */
  readonly received = (
    call: Parameters<typeof receivedTask>[1] = {},
  ): ReceivedTask & { delivery: FakeDelivery } =>
    receivedTask(this.#task, call, { settings: this.#settings });

  /** Makes the queue to which a task goes that is sent again. */
  async declareQueue(): Promise<void> {
    const queue = { name: 'shop', durable: true, exclusive: false, autoDelete: false };
    await this.#transport.declare({ exchanges: [], queues: [queue], bindings: [] });
  }
}
