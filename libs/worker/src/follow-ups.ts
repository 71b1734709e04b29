/**
 * Calls that the end of a task leads to: callbacks, the next step of a chain, errbacks.
 *
 * [WORKER-FOLLOW-UPS] Source: Celery 5.7.0, celery/app/amqp.py `send_task_message`, celery/app/routes.py `Router.route`;
 * recorded worker-rpc: `chain_exec`, `link_exec`, `link_error_old_style`. A call goes where its options say, else to the
 * queue of a task that is registered here, else to this worker's own. Celery declares a queue before its first message;
 * we when the first message finds none, so that a queue of another kind (quorum, priorities) is used as it is. A call
 * without `reply_to` has none here, where Celery puts a queue of the worker's that nobody reads.
 */
import {
  OperationalError,
  type MessagePublisher,
  type PublishMessage,
  type Transport,
} from '@celeriac/amqp-transport';
import type { Clock } from '@celeriac/primitives';
import {
  callsOnFailure,
  callsOnSuccess,
  encodeTaskMessage,
  PythonError,
  taskQueueTopology,
  type ResultTuple,
  type SignatureCall,
  type SignatureContext,
  type SignatureRoute,
} from '@celeriac/protocol';
import type { TaskRegistry } from '@celeriac/task-registry';
import type { ReceivedTask } from './received-task.ts';

export interface FollowUpsOptions {
  readonly transport: Transport;
  readonly registry: TaskRegistry;
  /** For calls that neither name a queue nor call a task that is registered here. */
  readonly defaultQueue: string;
  /** `name@host`. */
  readonly nodeName: string;
  readonly clock: Clock;
}

interface FollowUp {
  readonly task: string;
  readonly message: PublishMessage;
  /** Declared when it is missing; undefined where an exchange decides. */
  readonly queue: string | undefined;
}

/** Calls that are ready to be sent: nothing of them can be refused any more but by the broker. */
export interface PreparedFollowUps {
  readonly followUps: readonly FollowUp[];
  /** Results of the calls, for the task's own. */
  readonly children: readonly ResultTuple[];
}

/** What became of prepared calls. */
export type SendOutcome =
  /** The broker has confirmed them all. */
  | { readonly kind: 'sent' }
  /** The broker will never take one of them; it may have taken others. */
  | { readonly kind: 'refused'; readonly error: PythonError }
  /** The worker closes, and the broker may or may not have them. */
  | { readonly kind: 'unsure'; readonly error: OperationalError };

export class FollowUps {
  readonly #options: FollowUpsOptions;
  readonly #origin: string;
  readonly #declaring = new Map<string, Promise<void>>();
  #publisher: MessagePublisher | undefined;

  constructor(options: FollowUpsOptions) {
    const { nodeName } = options;
    this.#options = options;
    this.#origin = `gen${process.pid}@${nodeName.slice(nodeName.indexOf('@') + 1)}`;
  }

  /**
   * @param result as it goes into a message: floats marked as such
   * @throws InvalidTaskError | EncodeError | PythonError when a signature cannot be followed; nothing has been sent
   */
  afterSuccess(received: ReceivedTask, result: unknown): PreparedFollowUps {
    const { calls, children } = callsOnSuccess(received.body.embed, result, this.#context(received));
    return { followUps: calls.map(this.#prepare), children };
  }

  /** @throws InvalidTaskError | EncodeError | PythonError when a signature cannot be followed; nothing has been sent */
  afterFailure(received: ReceivedTask): PreparedFollowUps {
    const calls = callsOnFailure(received.body.embed, this.#context(received));
    return { followUps: calls.map(this.#prepare), children: [] };
  }

  /** Sends, with confirms, however long the broker is away. Never rejects. */
  async send({ followUps }: PreparedFollowUps): Promise<SendOutcome> {
    const outcomes = await Promise.all(followUps.map((followUp) => this.#send(followUp)));
    return (
      outcomes.find(({ kind }) => kind === 'unsure') ??
      outcomes.find(({ kind }) => kind === 'refused') ?? { kind: 'sent' }
    );
  }

  /** Gives up what is not confirmed. May be called twice. */
  async close(): Promise<void> {
    await this.#publisher?.close({ drainMs: 0 });
  }

  #context({ request }: ReceivedTask): SignatureContext {
    const { id: parentId, rootId } = request;
    return { parentId, rootId, origin: this.#origin, now: new Date(this.#options.clock.now()) };
  }

  readonly #prepare = ({ call, route }: SignatureCall): FollowUp => {
    const { exchange, routingKey, queue } = this.#resolve(call.name, route);
    const message = { ...encodeTaskMessage(call), exchange, routingKey, mandatory: true };
    return { task: call.name, message, queue };
  };

  #resolve(
    task: string,
    route: SignatureRoute,
  ): { readonly exchange: string; readonly routingKey: string; readonly queue: string | undefined } {
    const { exchange, routingKey } = route;
    if (exchange !== undefined && routingKey !== undefined) return { exchange, routingKey, queue: undefined };
    const { registry, defaultQueue } = this.#options;
    const queue = route.queue ?? registry.get(task)?.queue ?? defaultQueue;
    return { exchange: '', routingKey: queue, queue };
  }

  async #send(followUp: FollowUp): Promise<SendOutcome> {
    try {
      await this.#publish(followUp);
      return { kind: 'sent' };
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error; // the transport throws nothing else
      // only a publisher that is closed says so: while the worker lives, messages wait for the connection
      if (error.code === 'ERR_CONNECTION_CLOSED') return { kind: 'unsure', error };
      const message = `${followUp.task} could not be called: ${error.message}`;
      const options = { excModule: 'kombu.exceptions', cause: error };
      return { kind: 'refused', error: new PythonError('OperationalError', [message], options) };
    }
  }

  async #publish({ message, queue }: FollowUp): Promise<void> {
    // it may wait here for the broker to come back, with all the others of its worker: prefetch count bounds them
    this.#publisher ??= this.#options.transport.publisher({ confirm: true, maxWaiting: Infinity });
    for (let isDeclared = false; ;) {
      try {
        await this.#publisher.publish(message);
        return;
      } catch (error) {
        const isMissing = error instanceof OperationalError && error.code === 'ERR_PUBLISH_UNROUTABLE';
        if (!isMissing || queue === undefined || isDeclared) throw error;
      }
      isDeclared = await this.#declare(queue);
    }
  }

  /**
   * Declares a queue, once for all who need it at the time. False when the connection went meanwhile; the next publish
   * waits for it.
   */
  async #declare(queue: string): Promise<boolean> {
    const { transport } = this.#options;
    let declaring = this.#declaring.get(queue);
    if (declaring === undefined) {
      declaring = transport.declare(taskQueueTopology([queue])).finally(() => this.#declaring.delete(queue));
      this.#declaring.set(queue, declaring);
    }
    try {
      await declaring;
      return true;
    } catch (error) {
      const isAway =
        error instanceof OperationalError &&
        (error.code === 'ERR_CONNECTION_CLOSED' ||
          (error.code === 'ERR_CHANNEL_CLOSED' && !transport.isConnected));
      if (isAway) return false;
      throw error;
    }
  }
}
