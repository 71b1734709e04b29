import { AmqpTransport, type Headers, type MessagePublisher } from '@celeriac/amqp-transport';
import { silentLogger } from '@celeriac/primitives';
import { encodeTaskMessage, type ResultMessage } from '@celeriac/protocol';
import { RpcReplyQueue } from '@celeriac/result-backend';
import { randomUUID } from 'node:crypto';

/** The broker of the integration specs. @throws Error when there is none */
export function testBrokerUrl(): string {
  const url = process.env['CELERIAC_TEST_BROKER_URL']; // eslint-disable-line no-restricted-properties -- imported by specs alone
  if (url !== undefined) return url;
  throw new Error('CELERIAC_TEST_BROKER_URL is unset; run `npm test`, or give an amqp:// URL of a RabbitMQ');
}

/** Sends calls with confirms, and keeps every result that arrives. */
export class Caller {
  readonly transport: AmqpTransport;
  readonly replyQueue = `celeriac-spec-replies-${randomUUID()}`;
  /** Results by task id, in the order of their arrival; more than one is a task that was run more than once. */
  readonly results = new Map<string, ResultMessage[]>();
  /** Told of each result when it is among {@link results}. */
  onResult: (id: string, result: ResultMessage) => void = () => undefined;
  readonly #publisher: MessagePublisher;
  readonly #replies: RpcReplyQueue;

  constructor(brokerUrl: string) {
    this.transport = new AmqpTransport({ brokerUrl, name: 'caller' });
    this.#publisher = this.transport.publisher({ confirm: true });
    this.#replies = new RpcReplyQueue({
      transport: this.transport,
      name: this.replyQueue,
      resultExpiresMs: 60_000,
      logger: silentLogger,
      onResult: (id, result) => {
        this.results.set(id, [...(this.results.get(id) ?? []), result]);
        this.onResult(id, result);
      },
    });
  }

  async connect(): Promise<this> {
    await this.#replies.whenConsuming();
    return this;
  }

  /** Calls can be sent, and their results arrive. */
  get isReady(): boolean {
    return this.transport.isConnected && this.#publisher.isReady && this.#replies.isConsuming;
  }

  /** Calls a task; resolves when the broker has confirmed the call, rejects when no queue takes it. */
  async call(
    queue: string,
    name: string,
    id: string,
    args: readonly unknown[] = [],
    eta?: Date,
    headers: Headers = {},
  ): Promise<void> {
    const message = encodeTaskMessage({
      name,
      id,
      args,
      kwargs: {},
      eta,
      origin: 'spec@host',
      replyTo: this.#replies.name,
    });
    await this.#publisher.publish({
      exchange: '',
      routingKey: queue,
      mandatory: true,
      ...message,
      headers: { ...message.headers, ...headers },
    });
  }

  async close(): Promise<void> {
    await this.#publisher.close({ drainMs: 0 });
    await this.#replies.close();
    await this.transport.close();
  }
}
