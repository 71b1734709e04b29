import type { MessageProperties, MessagePublisher, Transport } from '@celeriac/amqp-transport';
import { encodeResult, type ResultMessage } from '@celeriac/protocol';
import type { OnStored, ResultStore, ResultTarget } from './result-store.ts';

export interface RpcResultStoreOptions {
  readonly transport: Transport;
  /** Setting `result_persistent`: results survive a restart of the broker. Default false. */
  readonly persistent?: boolean;
  /**
   * A result counts as stored when the broker confirms it, so that an acknowledgement that follows it cannot overtake
   * it. Without, it counts once it is written. Default true.
   */
  readonly confirmPublish?: boolean;
}

/**
 * The `rpc://` backend: a result is a message to the caller's reply queue.
 *
 * [RESULT-RPC-PUBLISH] Source: Celery 5.7.0, celery/backends/rpc.py `store_result` and `destination_for`: exchange `""`,
 * routing key = `reply_to`, not mandatory, so that a result for a caller that has gone is dropped; delivery mode 1, or 2
 * with `result_persistent`; `correlation_id` of the task; an empty header table. Workers never declare the queue.
 */
export class RpcResultStore implements ResultStore {
  readonly #publisher: MessagePublisher;
  readonly #deliveryMode: 1 | 2;

  constructor(options: RpcResultStoreOptions) {
    this.#publisher = options.transport.publisher({ confirm: options.confirmPublish ?? true });
    this.#deliveryMode = options.persistent === true ? 2 : 1;
  }

  store(target: ResultTarget, result: ResultMessage, onStored: OnStored): void {
    const { replyTo } = target;
    const body = encodeResult(result);
    if (replyTo === undefined || replyTo === '') {
      onStored();
      return;
    }
    this.#publisher.send(
      {
        exchange: '',
        routingKey: replyTo,
        properties: this.#properties(target.correlationId),
        headers: noHeaders,
        body,
        mandatory: false,
      },
      onStored,
    );
  }

  close(): Promise<void> {
    return this.#publisher.close();
  }

  #properties(correlationId: string): MessageProperties {
    return {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      deliveryMode: this.#deliveryMode,
      priority: 0,
      correlationId,
    };
  }
}

const noHeaders = Object.freeze({});
