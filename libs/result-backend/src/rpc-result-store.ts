import type { MessageProperties, MessagePublisher, Transport } from '@celeriac/amqp-transport';
import { encodeResult, resolveSerializer, type ResultMessage, type SerializerName } from '@celeriac/protocol';
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
  /** Setting `result_serializer`. Default `json`. */
  readonly serializer?: SerializerName | undefined;
}

/**
 * The `rpc://` backend: a result is a message to the caller's reply queue.
 *
 * [RESULT-RPC-PUBLISH] Source: Celery 5.7.0, celery/backends/rpc.py `store_result` and `destination_for`: exchange `""`,
 * routing key = `reply_to`, not mandatory, so that a result for a caller that has gone is dropped; delivery mode 1, or 2
 * with `result_persistent`; `correlation_id` of the task; an empty header table. Workers never declare the queue.
 */
export class RpcResultStore implements ResultStore {
  readonly #options: RpcResultStoreOptions;
  readonly #deliveryMode: 1 | 2;
  readonly #content: Pick<MessageProperties, 'contentType' | 'contentEncoding'>;
  #publisher: MessagePublisher | undefined;

  /**
   * Does no I/O: the connection is opened by {@link open}, at the latest by the first result.
   *
   * @throws ImproperlyConfiguredError when the serializer is unknown
   */
  constructor(options: RpcResultStoreOptions) {
    this.#options = options;
    this.#deliveryMode = options.persistent === true ? 2 : 1;
    const { contentType, contentEncoding } = resolveSerializer(options.serializer ?? 'json');
    this.#content = { contentType, contentEncoding };
  }

  open(): void {
    this.#opened();
  }

  assertWritable(result: ResultMessage): void {
    this.#encode(result);
  }

  store(target: ResultTarget, result: ResultMessage, onStored: OnStored): void {
    const { replyTo } = target;
    const body = this.#encode(result);
    if (replyTo === undefined || replyTo === '') {
      onStored();
      return;
    }
    this.#opened().send(
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

  async close(): Promise<void> {
    await this.#publisher?.close();
  }

  #encode(result: ResultMessage): Buffer {
    return encodeResult(result, { serializer: this.#options.serializer });
  }

  #opened(): MessagePublisher {
    const { transport, confirmPublish = true } = this.#options;
    // a result that is refused because many wait would leave its delivery unsettled until the channel closes; what waits
    // here is bounded by the prefetch count
    this.#publisher ??= transport.publisher({ confirm: confirmPublish, maxWaiting: Infinity });
    return this.#publisher;
  }

  #properties(correlationId: string): MessageProperties {
    return {
      contentType: this.#content.contentType,
      contentEncoding: this.#content.contentEncoding,
      deliveryMode: this.#deliveryMode,
      priority: 0,
      correlationId,
    };
  }
}

const noHeaders = Object.freeze({});
