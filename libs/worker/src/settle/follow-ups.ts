/**
 * Calls that the end of a task leads to: callbacks, the next step of a chain, errbacks.
 *
 * [WORKER-FOLLOW-UPS] Source: Celery 5.7.0, celery/app/amqp.py `send_task_message`, celery/app/routes.py `Router.route`;
 * recorded worker-rpc: `chain_exec`, `link_exec`, `link_error_old_style`. A call goes where its options or `task_routes`
 * say, else to the queue of a task that is registered here, else to this worker's own. Celery declares a queue before its first message;
 * we when the first message finds none, so that a queue of another kind (quorum, priorities) is used as it is. A call
 * without `reply_to` has none here, where Celery puts a queue of the worker's that nobody reads.
 */
import type { Clock } from '@celeriac/primitives';
import {
  callsOnFailure,
  callsOnSuccess,
  encodeTaskMessage,
  PythonError,
  taskDestination,
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
import type { WorkerSettings } from '../worker-settings.ts';

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
  readonly settings: WorkerSettings;
}

interface FollowUp extends PublishedCall {
  readonly task: string;
}

/** Calls that are ready to be sent: nothing of them can be refused any more but by the broker. */
export interface PreparedFollowUps {
  readonly followUps: readonly FollowUp[];
  /** Results of the calls, for the task's own. */
  readonly children: readonly ResultTuple[];
}

/** What became of prepared calls; refused when one of them is, in the words that the task's caller is told. */
export type FollowUpsOutcome =
  | Exclude<SendOutcome, { readonly kind: 'refused' }>
  | { readonly kind: 'refused'; readonly error: PythonError };

export class FollowUps {
  readonly #options: FollowUpsOptions;

  constructor(options: FollowUpsOptions) {
    this.#options = options;
  }

  /**
   * @param result as it goes into a message: floats marked as such
   * @throws InvalidTaskError | EncodeError | PythonError when a signature cannot be followed; nothing has been sent
   */
  afterSuccess(received: ReceivedTask, result: unknown): PreparedFollowUps {
    const { calls, children } = callsOnSuccess(received.body.embed, result, this.#context(received));
    const isInherited = this.#options.settings.taskInheritParentPriority;
    const inherited = isInherited ? (received.delivery.properties.priority ?? 0) : undefined;
    const followUps = calls.map((call) => this.#prepare(call, inherited));
    return { followUps, children };
  }

  /** @throws InvalidTaskError | EncodeError | PythonError when a signature cannot be followed; nothing has been sent */
  afterFailure(received: ReceivedTask): PreparedFollowUps {
    const calls = callsOnFailure(received.body.embed, this.#context(received));
    return { followUps: calls.map((call) => this.#prepare(call)), children: [] };
  }

  /** Sends, with confirms, however long the broker is away. Never rejects. */
  async send({ followUps }: PreparedFollowUps): Promise<FollowUpsOutcome> {
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
