import { createHash } from 'node:crypto';
import { OperationalError, type Delivery, type Transport } from '@celeriac/amqp-transport';
import { backoffMs, coerceError, type Logger } from '@celeriac/primitives';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallPublisher } from '../settle/call-publisher.ts';

export interface StartLedgerOptions {
  readonly transport: Transport;
  readonly publisher: CallPublisher;
  readonly nodeName: string;
  readonly logger: Logger;
}

/** A ledger that nobody has used for so long goes, in ms: a day. */
const expiresMs = 86_400_000;

/** Withdrawals that are under way are waited for this long when the worker closes, in ms. */
const drainMs = 2000;

/**
 * Keeps at the broker which messages were started by a worker that was lost meanwhile.
 *
 * Each such message has a queue of its own, named by what the message is (its queue, its task id and its body, not its
 * headers, which a sender may choose); each start is a message in it, published and confirmed before the task starts,
 * and withdrawn when its worker sees the end of the run. What stays was left by workers that died.
 *
 * A broker that refuses these queues costs the count, not the task: there is a line in the log, once.
 */
export class StartLedger {
  readonly #options: StartLedgerOptions;
  readonly #closed = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  #isRefused = false;

  constructor(options: StartLedgerOptions) {
    this.#options = options;
  }

  /** Starts of a message by workers that were lost; waits for the connection, and gives 0 where nothing can be kept. */
  async count(delivery: Delivery): Promise<number> {
    const name = ledgerOf(delivery);
    return (await this.#attempt(() => this.#options.transport.countMessages(name))) ?? 0;
  }

  /** Keeps that a message is about to be started. */
  async record(delivery: Delivery): Promise<void> {
    const { nodeName, publisher, transport } = this.#options;
    const name = ledgerOf(delivery);
    const queue = {
      name,
      durable: true,
      exclusive: false,
      autoDelete: false,
      // on one node, wherever that is: a quorum queue for each would cost more than it keeps
      arguments: { 'x-queue-type': 'classic', 'x-expires': expiresMs },
    };
    const topology = { exchanges: [], queues: [queue], bindings: [] };
    const message = {
      exchange: '',
      routingKey: name,
      headers: {},
      properties: { deliveryMode: 2 },
      body: Buffer.from(nodeName),
      mandatory: true,
    };
    await this.#attempt(async () => {
      await transport.declare(topology);
      const outcome = await publisher.send({ message, declaration: { name, topology: () => topology } });
      if (outcome.kind !== 'sent') throw outcome.error;
    });
  }

  /** Withdraws one start: the worker lives, whatever becomes of the run. */
  withdraw(delivery: Delivery): void {
    const name = ledgerOf(delivery);
    this.#track(() => this.#options.transport.removeMessage(name));
  }

  /** Forgets all starts of a message: its run has come to an end, or it is given up. */
  clear(delivery: Delivery): void {
    const name = ledgerOf(delivery);
    this.#track(() => this.#options.transport.deleteQueue(name));
  }

  /** Waits a while for what is under way. */
  async close(): Promise<void> {
    const giveUp = new AbortController();
    const late = delay(drainMs, undefined, { signal: giveUp.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.#underWay), late]);
    giveUp.abort();
    this.#closed.abort();
  }

  #track(operation: () => Promise<unknown>): void {
    const tracked = this.#attempt(operation).then(() => {
      this.#underWay.delete(tracked);
    });
    this.#underWay.add(tracked);
  }

  /** Tries until there is a connection; undefined when the broker refuses, or the worker closes. Never rejects. */
  async #attempt<T>(operation: () => Promise<T>): Promise<T | undefined> {
    for (let attempt = 0; !this.#closed.signal.aborted; attempt++) {
      try {
        return await operation();
      } catch (error) {
        if (!isAway(error)) {
          this.#logRefusal(error);
          return undefined;
        }
      }
      await delay(backoffMs(attempt), undefined, { signal: this.#closed.signal }).catch(() => undefined);
    }
    return undefined;
  }

  #logRefusal(error: unknown): void {
    if (this.#isRefused) return;
    this.#isRefused = true;
    this.#options.logger.warn(
      { reason: coerceError(error).message, queues: `${prefix}*` },
      'starts of redelivered tasks cannot be counted, a task that kills its workers is not stopped; give this user configure, write and read permissions on these queues',
    );
  }
}

const prefix = 'celeriac.started.';

/** The queue that holds the starts of a message. */
function ledgerOf({ queue, headers, properties, body }: Delivery): string {
  const id = headers['id'] ?? properties.correlationId;
  const digest = createHash('sha256')
    .update(JSON.stringify([queue, typeof id === 'string' ? id : null]))
    .update(body)
    .digest('hex');
  return prefix + digest.slice(0, 40);
}

function isAway(error: unknown): boolean {
  return (
    error instanceof OperationalError &&
    (error.code === 'ERR_CONNECTION_CLOSED' ||
      (error.code === 'ERR_CHANNEL_CLOSED' && error.replyCode === undefined))
  );
}
