import { OperationalError, type QueueDeclaration, type Transport } from '@celeriac/amqp-transport';
import type { Logger } from '@celeriac/primitives';
import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { ReceivedTask } from '../receive/received-task.ts';
import type { CallPublisher } from '../settle/call-publisher.ts';
import { TaskPool } from './task-pool.ts';

export interface StartLedgerOptions {
  readonly transport: Transport;
  readonly publisher: CallPublisher;
  readonly logger: Logger;
}

/** A record that outlives its worker by so long belongs to a message that will not come again, in ms. */
const expiresMs = 86_400_000;
/** Operations at a time, each on a channel: a connection has 2047. */
const mostOperations = 16;
/** Between two attempts while the connection is away, in ms. */
const retryMs = 200;

/**
 * Records at the broker of starts that have no known end: one small queue per message, one record per start.
 *
 * The queue is named for the content of the message, so nothing in a header leads to another one. It is a classic queue, which
 * costs least; while its node is down the broker refuses the operation and the task runs without a record. See
 * docs/decisions/0026-started-tasks-are-recorded.md.
 */
export class StartLedger {
  readonly #options: StartLedgerOptions;
  readonly #closing = new AbortController();
  readonly #operations = new TaskPool<() => Promise<void>>(mostOperations, (operation) => operation());
  /** Reply codes that were logged. */
  readonly #refusals = new Set<number | string>();

  constructor(options: StartLedgerOptions) {
    this.#options = options;
    setMaxListeners(0, this.#closing.signal); // one for each operation that waits for the connection
  }

  /** Name of the queue that keeps the records of a message. */
  static nameOf({ delivery, opened }: Pick<ReceivedTask, 'delivery' | 'opened'>): string {
    const hash = createHash('sha256');
    for (const part of [delivery.queue, opened.id]) hash.update(`${Buffer.byteLength(part)}:${part}`);
    return `celeriac.started.${hash.update(delivery.body).digest('base64url')}`;
  }

  /** Counts the records of a message. Undefined when the broker refuses, or the worker closes. */
  count(name: string): Promise<number | undefined> {
    return this.#attempt(() => this.#options.transport.countMessages(declarationOf(name)));
  }

  /** Adds a record; resolves when the broker has confirmed it. False when the broker refuses. */
  async add(name: string): Promise<boolean> {
    const outcome = await this.#options.publisher.send({
      message: {
        exchange: '',
        routingKey: name,
        headers: {},
        properties: { deliveryMode: 2 },
        body: Buffer.alloc(0),
        mandatory: true,
      },
      declaration: { name, topology: () => ({ exchanges: [], queues: [declarationOf(name)], bindings: [] }) },
    });
    if (outcome.kind === 'refused') this.#refused(outcome.error);
    return outcome.kind === 'sent';
  }

  /** Removes one record: its run ended here, and the message goes to another start. */
  async withdraw(name: string): Promise<void> {
    const { transport } = this.#options;
    const left = await this.#attempt(() => transport.takeMessage(name));
    if (left === 0) await this.forget(name);
  }

  /** Removes all records of a message. */
  async forget(name: string): Promise<void> {
    await this.#attempt(() => this.#options.transport.deleteQueue(name));
  }

  /** Does not wait for a connection any more. */
  close(): void {
    this.#closing.abort();
  }

  #attempt<T>(operation: () => Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#operations.submit(() => this.#untilAnswered(operation).then(resolve, reject));
    });
  }

  async #untilAnswered<T>(operation: () => Promise<T>): Promise<T | undefined> {
    for (;;) {
      try {
        return await operation();
      } catch (error) {
        if (!(error instanceof OperationalError)) throw error; // the transport throws nothing else
        if (!this.#isAway(error)) {
          this.#refused(error);
          return undefined;
        }
      }
      if (this.#closing.signal.aborted) return undefined;
      await delay(retryMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }

  #isAway({ code, replyCode }: OperationalError): boolean {
    if (code === 'ERR_CHANNEL_CLOSED') return replyCode === undefined && !this.#options.transport.isConnected;
    return code === 'ERR_CONNECTION_CLOSED' || code === 'ERR_CONNECTION_REFUSED';
  }

  #refused({ message, code, replyCode }: OperationalError): void {
    const refusal = replyCode ?? code;
    if (this.#refusals.has(refusal)) return;
    this.#refusals.add(refusal);
    this.#options.logger.warn(
      { reason: message, queues: 'celeriac.started.*' },
      'starts of tasks cannot be recorded at the broker: a task that kills its worker may not be found',
    );
  }
}

function declarationOf(name: string): QueueDeclaration {
  return {
    name,
    durable: true,
    exclusive: false,
    autoDelete: false,
    arguments: { 'x-queue-type': 'classic', 'x-expires': expiresMs },
  };
}
