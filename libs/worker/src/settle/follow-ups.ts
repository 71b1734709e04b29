/**
 * Calls that the end of a task leads to: callbacks, the next step of a chain, errbacks.
 *
 * [WORKER-FOLLOW-UPS] Source: Celery 5.7.0, celery/app/amqp.py `send_task_message`, celery/app/routes.py `Router.route`;
 * recorded worker-rpc: `chain_exec`, `link_exec`, `link_error_old_style`. A call goes where its options or `task_routes`
 * say, else to the queue of a task that is registered here, else to this worker's own. Celery declares a queue before its first message;
 * we when the first message finds none, so that a queue of another kind (quorum, priorities) is used as it is. A call
 * without `reply_to` has none here, where Celery puts a queue of the worker's that nobody reads.
 *
 * What the end of one task leads to is bounded, and many calls are made and sent in slices: see docs/decisions/0027.
 */
import type { Delivery } from '@celeriac/amqp-transport';
import type { Clock } from '@celeriac/primitives';
import {
  callsOnFailure,
  callsOnSuccess,
  encodeTaskMessage,
  PythonError,
  taskDestination,
  type FollowUpCalls,
  type FollowUpLimits,
  type ResultTuple,
  type SignatureCall,
  type SignatureContext,
  type TaskQueues,
  type TaskRoute,
  type TaskRouting,
} from '@celeriac/protocol';
import type { TaskRegistry } from '@celeriac/task-registry';
import type { CallPublisher, PublishedCall, SendOutcome } from './call-publisher.ts';
import type { ReceivedTask } from '../receive/received-task.ts';
import { isSmall, slicesOf } from './follow-up-slices.ts';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ResolvedWorkerSettings } from '../worker-settings.ts';

export interface FollowUpsOptions {
  readonly publisher: CallPublisher;
  readonly registry: TaskRegistry;
  /** For calls that neither name a queue nor call a task that is registered here. */
  readonly defaultQueue: string;
  /** `gen<pid>@<host>`. */
  readonly origin: string;
  readonly clock: Clock;
  readonly queues: TaskQueues;
  readonly routing: TaskRouting;
  readonly settings: ResolvedWorkerSettings;
}

interface FollowUp extends PublishedCall {
  readonly task: string;
}

/** Calls that are ready to be sent: nothing of them can be refused any more but by the broker. */
export interface PreparedFollowUps {
  /** Many are made and encoded slice by slice, as they are taken. */
  readonly followUps: readonly FollowUp[] | (() => Iterable<readonly FollowUp[]>);
  /** Results of the calls, for the task's own. */
  readonly children: readonly ResultTuple[];
}

/** What became of prepared calls; refused when one of them is, in the words that the task's caller is told. */
export type FollowUpsOutcome =
  /** The delivery was lost before all were sent: the broker gives it out again, and the next run makes the same calls. */
  | { readonly kind: 'left' }
  | Exclude<SendOutcome, { readonly kind: 'refused' }>
  | { readonly kind: 'refused'; readonly error: PythonError };

export class FollowUps {
  readonly #options: FollowUpsOptions;

  constructor(options: FollowUpsOptions) {
    this.#options = options;
  }

  /**
   * A promise only when they are many: to find out what cannot be sent, all are made and encoded once, with turns of the
   * event loop between slices, and let go again.
   *
   * @param result as it goes into a message: floats marked as such
   * @throws InvalidTaskError | EncodeError | PythonError when a signature cannot be followed; nothing has been sent
   */
  afterSuccess(received: ReceivedTask, result: unknown): PreparedFollowUps | Promise<PreparedFollowUps> {
    const calls = callsOnSuccess(received.body.embed, result, this.#context(received), this.limits);
    const isInherited = this.#options.settings.taskInheritParentPriority;
    return this.#prepareAll(calls, isInherited ? (received.delivery.properties.priority ?? 0) : undefined);
  }

  /**
   * As {@link afterSuccess}.
   *
   * @throws InvalidTaskError | EncodeError | PythonError when a signature cannot be followed; nothing has been sent
   */
  afterFailure(received: ReceivedTask): PreparedFollowUps | Promise<PreparedFollowUps> {
    return this.#prepareAll(callsOnFailure(received.body.embed, this.#context(received), this.limits));
  }

  /**
   * Sends, with confirms, however long the broker is away. Many are sent in slices, two on their way at a time;
   * what is refused, or a delivery that is lost, ends it.
   *
   * @throws what {@link afterSuccess} throws, when a value of many calls has changed since; some may have been sent
   */
  send({ followUps }: PreparedFollowUps, delivery: Delivery): Promise<FollowUpsOutcome> {
    return typeof followUps === 'function'
      ? this.#sendSlices(followUps(), delivery)
      : this.#sendAtOnce(followUps);
  }

  async #sendSlices(slices: Iterable<readonly FollowUp[]>, delivery: Delivery): Promise<FollowUpsOutcome> {
    let before: Promise<FollowUpsOutcome> | undefined;
    for (const slice of slices) {
      if (delivery.isLost && !delivery.isSettled) return { kind: 'left' };
      const sending = this.#sendAtOnce(slice);
      const outcome = await before;
      if (outcome !== undefined && outcome.kind !== 'sent') return outcome;
      before = sending;
      await nextTurn();
    }
    return (await before) ?? { kind: 'sent' };
  }

  /** How much the end of one task may lead to. */
  get limits(): FollowUpLimits {
    const { maxFollowUpCalls: maxCalls, maxFollowUpBytes: maxBytes } = this.#options.settings;
    return { maxCalls, maxBytes };
  }

  #prepareAll(calls: FollowUpCalls, inherited?: number): PreparedFollowUps | Promise<PreparedFollowUps> {
    const prepare = (call: SignatureCall) => this.#prepare(call, inherited);
    if (!isSmall(calls.extent)) return this.#prepareMany(() => slicesOf(calls.made(), prepare));
    const followUps: FollowUp[] = [];
    const making = calls.made();
    let next = making.next();
    for (; next.done !== true; next = making.next()) followUps.push(prepare(next.value));
    return { followUps, children: next.value };
  }

  async #prepareMany(
    slices: () => Generator<readonly FollowUp[], readonly ResultTuple[], undefined>,
  ): Promise<PreparedFollowUps> {
    const preparing = slices();
    let next = preparing.next();
    for (; next.done !== true; next = preparing.next()) await nextTurn();
    return { followUps: slices, children: next.value };
  }

  async #sendAtOnce(followUps: readonly FollowUp[]): Promise<FollowUpsOutcome> {
    const outcomes = await Promise.all(followUps.map((followUp) => this.#send(followUp)));
    return (
      outcomes.find(({ kind }) => kind === 'unsure') ??
      outcomes.find(({ kind }) => kind === 'refused') ?? { kind: 'sent' }
    );
  }

  #context({ request }: ReceivedTask): SignatureContext {
    const { id: parentId, rootId } = request;
    const { clock, origin } = this.#options;
    return { parentId, rootId, origin, now: new Date(clock.now()) };
  }

  /** @param inherited priority that the task hands on; undefined: it hands on none */
  #prepare({ call, route }: SignatureCall, inherited?: number): FollowUp {
    const { registry, routing, queues, defaultQueue, settings, clock } = this.#options;
    const given: TaskRoute = { ...route, priority: inherited ?? call.priority };
    const { options, queue } = routing.resolveRoute(call.name, call.args, call.kwargs, given);
    const destination = taskDestination(
      { ...options, delayMs: (call.eta?.getTime() ?? 0) - clock.now() },
      queue ?? queues.get(registry.get(call.name)?.queue ?? defaultQueue),
      settings.brokerNativeDelayedDeliveryQueueType,
    );
    const message = encodeTaskMessage({
      ...call,
      priority: options.priority ?? settings.taskDefaultPriority,
      serializer: call.serializer ?? options.serializer ?? settings.taskSerializer,
      compression: call.compression ?? options.compression ?? settings.taskCompression,
    });
    const { exchange, routingKey, mandatory, declaration } = destination;
    return { task: call.name, message: { ...message, exchange, routingKey, mandatory }, declaration };
  }

  async #send({ task, ...call }: FollowUp): Promise<FollowUpsOutcome> {
    const outcome = await this.#options.publisher.sendTask(call);
    if (outcome.kind !== 'refused') return outcome;
    const { error } = outcome;
    const message = `${task} could not be called: ${error.message}`;
    const options = { excModule: 'kombu.exceptions', cause: error };
    return { kind: 'refused', error: new PythonError('OperationalError', [message], options) };
  }
}
