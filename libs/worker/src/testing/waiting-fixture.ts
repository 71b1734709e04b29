import type { InMemoryTransport } from '@celeriac/in-memory-transport';
import type { Clock } from '@celeriac/primitives';
import type { TaskCall } from '@celeriac/protocol';
import type { RegisteredTask, TaskExecutionOptions } from '@celeriac/task-registry';
import { RecordingLogger } from '@celeriac/testing';
import type { CallPublisher } from '../settle/call-publisher.ts';
import { DelayedDelivery } from '../receive/delayed-delivery.ts';
import type { ReceivedTask } from '../receive/received-task.ts';
import { RevokedTasks } from '../revoke/revoked-tasks.ts';
import { ServedTasks } from '../receive/served-tasks.ts';
import { TaskAdmission } from '../receive/task-admission.ts';
import type { TaskOutcomes } from '../settle/task-outcomes.ts';
import { TaskPool } from '../run/task-pool.ts';
import { WaitingTasks } from '../receive/waiting-tasks.ts';
import { resolveWorkerSettings } from '../worker-settings.ts';
import type { FakeDelivery } from './fake-delivery.ts';
import { outcomesFixture } from './outcomes.ts';
import { deliveryOfCall, onlyTaskOf, optionedHolder, receivedTask, registryOf } from './received-task.ts';
import { unlimitedWaiting } from './unlimited-waiting.ts';
import type { RecordingStore } from './recording-store.ts';

export interface WaitingFixtureOptions {
  /** Default 3. */
  readonly etaTaskLimit?: number;
  /** Default half an hour, as the broker's. */
  readonly consumerTimeoutMs?: number;
  /** Of the task. */
  readonly options?: TaskExecutionOptions;
}

const clock: Clock = { now: () => Date.now() };

/** Tasks on their way to a pool that only remembers what it was given; the broker has the queue `shop`. */
export class WaitingFixture {
  readonly logger = new RecordingLogger();
  readonly revoked = new RevokedTasks();
  readonly store: RecordingStore;
  readonly transport: InMemoryTransport;
  readonly publisher: CallPublisher;
  readonly outcomes: TaskOutcomes;
  readonly waiting: WaitingTasks;
  /** Ids of the tasks that were given to the pool, in order. */
  readonly ran: string[] = [];
  readonly #task: RegisteredTask;

  constructor({ etaTaskLimit = 3, consumerTimeoutMs = 1_800_000, options = {} }: WaitingFixtureOptions = {}) {
    const { logger, revoked } = this;
    const { store, transport, publisher, outcomes } = outcomesFixture({ clock, logger });
    this.store = store;
    this.transport = transport;
    this.publisher = publisher;
    this.outcomes = outcomes;
    const shop = { name: 'shop', durable: true, exclusive: false, autoDelete: false };
    transport.broker.declare({ exchanges: [], queues: [shop], bindings: [] }, transport);
    const holder = optionedHolder(options, () => undefined);
    this.#task = onlyTaskOf(holder);
    this.waiting = new WaitingTasks({
      tasks: new ServedTasks(registryOf(holder), resolveWorkerSettings(), { areResultsEncoded: false }),
      pool: new TaskPool<ReceivedTask>(1, ({ opened }) => void this.ran.push(opened.id)),
      delayed: new DelayedDelivery({ publisher, queueType: 'quorum', clock, logger }),
      admission: new TaskAdmission(revoked, clock),
      outcomes,
      clock,
      logger,
      bytes: unlimitedWaiting(),
      etaTaskLimit,
      consumerTimeoutMs,
    });
  }

  /** A message of the task, with a delivery of its own. */
  readonly received = (
    call: Partial<TaskCall> & { readonly id: string },
  ): ReceivedTask & { delivery: FakeDelivery } =>
    receivedTask(this.#task, call, { delivery: deliveryOfCall(call) });
}
