/**
 * One connection to a broker that comes back by itself.
 *
 * | state | entered | left | what holds |
 * | --- | --- | --- | --- |
 * | `idle` | construction | `open()` → `connecting` | no I/O yet |
 * | `connecting` | `open()`, or the connection was lost | handshake done → `open`; `close()` → `closed` | attempts with backoff, over all broker URLs in turn |
 * | `open` | handshake done | lost → `connecting`; `close()` → `closing` | each session user has been given the session |
 * | `closing` | `close()` | broker answered, or 2 s passed → `closed` | nothing new is opened |
 * | `closed` | end of `close()` | never | the socket is gone |
 *
 * When the connection is lost, whatever was unacknowledged goes back to its queue at the broker and confirms in flight
 * will not come; each session user learns of the loss first (`sessionLost`) and rebuilds its channel, topology, QoS and
 * consumers when the next session opens (`sessionOpened`). What is redone is the user's business, because only it knows.
 */
import { backoffMs, coerceError, IllegalStateError, type Logger } from '@celeriac/primitives';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { setTimeout as delay } from 'node:timers/promises';
import {
  closeChannel,
  closeModel,
  instrumentConnection,
  isEnded,
  releaseSocket,
} from './amqplib-connection.ts';
import { describeBroker, type BrokerAddress } from './broker-url.ts';
import { OperationalError, replyCodeOf } from './operational-error.ts';
import { RebuildBackoff, shortLivedMs } from './rebuild-backoff.ts';

export type ConnectionStateName = 'idle' | 'connecting' | 'open' | 'closing' | 'closed';

/** Someone who keeps channels on the connection and wants them back after a loss. */
export interface SessionUser {
  /** A session is open; open your channels on it. Must not throw. */
  sessionOpened(session: Session): void;
  /** The session is gone with all its channels; delivery tags and confirms of it are void. Must not throw. */
  sessionLost(error: OperationalError): void;
  /** The broker blocks publishers (`connection.blocked`), or no longer does. */
  sessionBlocked?(blocked: boolean): void;
  /** Another user has ended its turn alone. */
  sessionTurn?(): void;
}

/** One lifetime of the underlying connection. */
export class Session {
  readonly model: ChannelModel;
  /** When it was opened, in ms of `performance.now()`. */
  readonly openedAt = performance.now();
  isBlocked = false;
  #lostBy: OperationalError | undefined;

  constructor(model: ChannelModel) {
    this.model = model;
  }

  isOpen(): boolean {
    return this.#lostBy === undefined;
  }

  /** Why it has ended; undefined while it is open. */
  get lostBy(): OperationalError | undefined {
    return this.#lostBy;
  }

  end(error: OperationalError): void {
    this.#lostBy ??= error;
  }
}

export interface BrokerConnectionOptions {
  /** Brokers to try in turn. */
  readonly addresses: readonly [BrokerAddress, ...BrokerAddress[]];
  /** Shown in the broker's management page and in log lines, such as `addition consuming`. */
  readonly name: string;
  readonly logger: Logger;
  /** Heartbeat to ask for, in seconds; the smaller of this and the broker's wins. A silent peer is dropped within two. */
  readonly heartbeatSeconds: number;
  /** Longest wait for one connection attempt, handshake included, in ms. */
  readonly connectTimeoutMs: number;
}

export class BrokerConnection {
  /** Who sends alone at this moment what may have closed the connection; see {@link takeTurnAlone}. */
  #alone: SessionUser | undefined;
  readonly #options: BrokerConnectionOptions;
  readonly #users = new Set<SessionUser>();
  readonly #stopping = new AbortController();
  readonly #rebuilds = new RebuildBackoff();
  #state: ConnectionStateName = 'idle';
  /** How many attempts there were; each takes the next broker. */
  #turn = 0;
  #session: Session | undefined;
  #lastError: OperationalError | undefined;
  #connecting: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(options: BrokerConnectionOptions) {
    this.#options = options;
  }

  get state(): ConnectionStateName {
    return this.#state;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Why the connection is not open: the last failed attempt or the loss; undefined before any failure. */
  get lastError(): OperationalError | undefined {
    return this.#lastError;
  }

  /** Starts to connect, and keeps trying; returns at once. Later calls change nothing. */
  open(): void {
    if (this.#state === 'idle') this.#connecting = this.#connectUntilOpen();
  }

  /** Adds a user; it gets the present session, if there is one, before this returns. */
  attach(user: SessionUser): void {
    if (this.#state === 'closing' || this.#state === 'closed') {
      throw new IllegalStateError(
        `connection ${this.#options.name} is ${this.#state} and takes no new channels`,
      );
    }
    this.#users.add(user);
    if (this.#session?.isOpen() === true) user.sessionOpened(this.#session);
  }

  detach(user: SessionUser): void {
    this.#users.delete(user);
    this.endTurnAlone(user);
  }

  /**
   * Runs an operation on a channel of its own, so that a failed declaration closes that channel and no other.
   *
   * @throws OperationalError ERR_CONNECTION_CLOSED when there is no open session or it is lost meanwhile (with the reply
   * code of that loss), else ERR_CHANNEL_CLOSED when the broker refuses the operation (with its reply code)
   */
  async withChannel<T>(operation: (channel: Channel) => Promise<T>): Promise<T> {
    const session = this.#session;
    if (session?.isOpen() !== true) throw this.unavailable();
    try {
      return await runOnChannel(session, operation);
    } catch (error) {
      throw session.lostBy ?? asOperationalError(error, 'ERR_CHANNEL_CLOSED');
    }
  }

  /** The error for an operation that needs an open connection and finds none. */
  unavailable(): OperationalError {
    const broker = this.#options.addresses.map(describeBroker).join(';');
    return new OperationalError('ERR_CONNECTION_CLOSED', `not connected to ${broker}`, {
      cause: this.#lastError,
    });
  }

  /**
   * Lets one user at a time send what is suspected of having closed the connection: if it is closed again meanwhile, the
   * others have sent nothing suspicious.
   *
   * @returns false when another user has the turn; `sessionTurn` tells when that is over
   */
  takeTurnAlone(user: SessionUser): boolean {
    this.#alone ??= user;
    return this.#alone === user;
  }

  /** Ends the turn of a user that has it. */
  endTurnAlone(user: SessionUser): void {
    if (this.#alone !== user) return;
    this.#alone = undefined;
    for (const other of [...this.#users]) if (other !== user) other.sessionTurn?.();
  }

  /** Closes the connection; waits for the broker's answer for a while. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#setState('closing');
    this.#stopping.abort();
    await this.#connecting;
    const session = this.#session;
    if (session !== undefined) {
      this.#session = undefined;
      await closeModel(session.model);
      this.#endSession(session, this.unavailable());
    }
    this.#setState('closed');
  }

  async #connectUntilOpen(initialDelayMs = 0): Promise<void> {
    this.#setState('connecting');
    const { addresses, logger, name } = this.#options;
    const { signal } = this.#stopping;
    if (initialDelayMs > 0) await this.#pause(initialDelayMs);
    for (let attempt = 0; !signal.aborted; attempt++) {
      const address = addresses[this.#turn % addresses.length] ?? addresses[0];
      this.#turn++; // also when it succeeds: once that connection is lost, its broker is the least likely to be there
      try {
        this.#adopt(await this.#connectTo(address), address);
        return;
      } catch (error) {
        const refused = coerceError(error);
        this.#lastError = new OperationalError(
          'ERR_CONNECTION_REFUSED',
          `cannot connect to ${describeBroker(address)}: ${refused.message}`,
          { cause: refused, replyCode: replyCodeOf(refused) },
        );
        const retryMs = Math.round(backoffMs(Math.floor(attempt / addresses.length)));
        logger.warn(
          { connection: name, attempt: attempt + 1, retryMs, reason: this.#lastError.message },
          'broker connection failed',
        );
        await this.#pause(retryMs);
      }
    }
  }

  async #pause(delayMs: number): Promise<void> {
    await delay(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined); // aborted by close()
  }

  #connectTo(address: BrokerAddress): Promise<ChannelModel> {
    const { heartbeatSeconds, connectTimeoutMs, name } = this.#options;
    return connect(
      // amqplib unescapes the virtual host, which is unescaped already
      { ...address, vhost: encodeURIComponent(address.vhost), heartbeat: heartbeatSeconds },
      {
        noDelay: true, // a reply and its acknowledgement leave together; nothing is gained by waiting for more
        keepAlive: true,
        timeout: connectTimeoutMs,
        clientProperties: { connection_name: name, product: 'celeriac' },
      },
    );
  }

  /** @throws Error when the connection is closed already */
  #adopt(model: ChannelModel, address: BrokerAddress): void {
    if (isEnded(model)) throw new Error('the broker closed the connection as soon as it was open');
    instrumentConnection(model);
    const session = new Session(model);
    let cause: Error | undefined;
    // without a listener an 'error' would end the process; 'close' follows it and does the work
    model.on('error', (error: Error) => (cause ??= error));
    model.on('close', (error?: Error) => {
      this.#lose(session, address, cause ?? error);
    });
    model.on('blocked', (reason: string) => {
      this.#block(session, true, reason);
    });
    model.on('unblocked', () => {
      this.#block(session, false);
    });
    this.#session = session;
    if (this.#stopping.signal.aborted) return; // close() awaits this attempt and closes the model
    this.#setState('open');
    this.#options.logger.info(
      { connection: this.#options.name, broker: describeBroker(address) },
      'connected to broker',
    );
    for (const user of [...this.#users]) user.sessionOpened(session);
  }

  #block(session: Session, blocked: boolean, reason?: string): void {
    session.isBlocked = blocked;
    const { logger, name } = this.#options;
    if (blocked) logger.warn({ connection: name, reason }, 'broker blocks publishers');
    else logger.info({ connection: name }, 'broker takes messages again');
    for (const user of [...this.#users]) user.sessionBlocked?.(blocked);
  }

  #lose(session: Session, address: BrokerAddress, cause: Error | undefined): void {
    if (this.#session !== session) return; // closed by us
    this.#session = undefined;
    this.#lastError = new OperationalError(
      'ERR_CONNECTION_CLOSED',
      `lost the connection to ${describeBroker(address)}${cause === undefined ? '' : `: ${cause.message}`}`,
      { cause, replyCode: replyCodeOf(cause) },
    );
    this.#options.logger.warn(
      { connection: this.#options.name, reason: this.#lastError.message },
      'broker connection lost',
    );
    releaseSocket(session.model);
    this.#connecting = this.#connectUntilOpen(this.#reopenDelayMs(session, this.#lastError));
    this.#endSession(session, this.#lastError);
  }

  /** A broker that accepts connections only to close them must not be called in a tight loop. */
  #reopenDelayMs({ openedAt }: Session, { replyCode }: OperationalError): number {
    // one that says why would say so again; what was merely cut may be back at once
    if (replyCode !== undefined) return this.#rebuilds.delayMs(openedAt);
    return performance.now() - openedAt < shortLivedMs ? backoffMs(0) : 0;
  }

  #endSession(session: Session, error: OperationalError): void {
    session.end(error);
    for (const user of [...this.#users]) user.sessionLost(error);
  }

  #setState(next: ConnectionStateName): void {
    if (this.#state === next || this.#state === 'closed') return;
    if (this.#state === 'closing' && next !== 'closed') return;
    this.#options.logger.debug(
      { connection: this.#options.name, from: this.#state, to: next },
      'connection state',
    );
    this.#state = next;
  }
}

async function runOnChannel<T>(session: Session, operation: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = await openChannel(session);
  try {
    return await operation(channel);
  } finally {
    await closeChannel(channel); // the broker has closed it already when the operation failed
  }
}

/** Opens a channel whose errors reach its 'close' listeners only; without an 'error' listener the process would end. */
export async function openChannel(session: Session): Promise<Channel> {
  try {
    const channel = await session.model.createChannel();
    channel.on('error', () => undefined);
    return channel;
  } catch (error) {
    throw asOperationalError(error, 'ERR_CHANNEL_CLOSED');
  }
}

/** A failure of amqplib as an OperationalError, its AMQP reply code kept. */
export function asOperationalError(
  caught: unknown,
  code: 'ERR_CHANNEL_CLOSED' | 'ERR_PUBLISH_REFUSED',
): OperationalError {
  if (caught instanceof OperationalError) return caught;
  const error = coerceError(caught);
  return new OperationalError(code, error.message, { cause: error, replyCode: replyCodeOf(error) });
}
