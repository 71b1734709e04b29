import type { Delivery, MessageConsumer, Topology, Transport } from '@celeriac/amqp-transport';
import { coerceError, type Logger } from '@celeriac/primitives';
import { decodeResult, encodeException, type ResultMessage } from '@celeriac/protocol';

export interface RpcReplyQueueOptions {
  readonly transport: Transport;
  /** Any string that no other client uses, such as a UUID. */
  readonly name: string;
  /** Setting `result_expires`, in ms: the broker deletes the queue when nobody has consumed it for that long. */
  readonly resultExpiresMs: number;
  /** Setting `result_accept_content`: names or MIME types of the results that are read. Default `['json']`. */
  readonly acceptContent?: readonly string[] | undefined;
  readonly logger: Logger;
  /** Called with each state that arrives, for whichever task. */
  readonly onResult: (correlationId: string, result: ResultMessage) => void;
}

/**
 * The caller's side of `rpc://`: a queue of its own, consumed from the start and for as long as the client lives, so that
 * a state can be read without waiting for it.
 *
 * [RESULT-RPC-QUEUE] Source: Celery 5.7.0, celery/backends/rpc.py `binding`: durable, not exclusive, `x-expires` of
 * `result_expires`, no binding. Celery also sets auto-delete and consumes with no-ack, and loses every reply that is under
 * way when its connection drops. The queue is the client's own, no worker declares it; so we leave auto-delete out,
 * acknowledge, and delete the queue when the client closes: replies wait while the client reconnects.
 */
export class RpcReplyQueue {
  readonly name: string;
  readonly #options: RpcReplyQueueOptions;
  readonly #consumer: MessageConsumer;

  constructor(options: RpcReplyQueueOptions) {
    this.#options = options;
    this.name = options.name;
    this.#consumer = options.transport.consume({
      queues: [this.name],
      topology: replyTopology(this.name, options.resultExpiresMs),
      prefetchCount: 1000,
      onDelivery: (delivery) => {
        this.#receive(delivery);
      },
    });
  }

  /** True while replies arrive. */
  get isConsuming(): boolean {
    return this.#consumer.isConsuming;
  }

  /** Resolves once the queue exists and is consumed; calls sent before that would have nowhere to reply to. */
  whenConsuming(): Promise<void> {
    return this.#consumer.whenConsuming();
  }

  async close(): Promise<void> {
    await this.#consumer.close({ deleteQueues: true });
  }

  #receive(delivery: Delivery): void {
    try {
      const { acceptContent } = this.#options;
      const result = decodeResult(delivery, { acceptContent });
      this.#options.onResult(delivery.properties.correlationId ?? result.taskId, result);
    } catch (error) {
      const { correlationId } = delivery.properties;
      this.#options.logger.error({ correlationId, reason: coerceError(error).message }, 'unreadable result');
      if (correlationId !== undefined)
        this.#options.onResult(correlationId, unreadable(correlationId, error));
    }
    delivery.ack();
  }
}

/** What whoever waits is told of a result that cannot be read, as it is too large for instance: it will not come again. */
function unreadable(taskId: string, error: unknown): ResultMessage {
  return {
    taskId,
    status: 'FAILURE',
    result: encodeException(error),
    traceback: null,
    children: null,
    dateDone: null,
  };
}

function replyTopology(name: string, resultExpiresMs: number): Topology {
  return {
    exchanges: [],
    queues: [
      {
        name,
        durable: true,
        exclusive: false,
        autoDelete: false,
        arguments: { 'x-expires': resultExpiresMs },
      },
    ],
    bindings: [],
  };
}
