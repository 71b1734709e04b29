import { OperationalError } from '@celeriac/amqp-transport';
import { IllegalStateError } from '@celeriac/primitives';
import type { InMemoryBroker } from './in-memory-broker.ts';
import type { InMemoryJournal } from './in-memory-journal.ts';

/** Who has to know that the connection comes and goes. */
export interface LinkUser {
  linkUp(): void;
  linkDown(error: OperationalError): void;
  linkBlocked?(): void;
}

/** The connection of an in-memory transport: up, down or closed for good. */
export class InMemoryLink {
  readonly broker: InMemoryBroker;
  readonly journal: InMemoryJournal;
  readonly #users = new Set<LinkUser>();
  #state: 'up' | 'down' | 'closed' = 'up';
  #isBlocked = false;

  constructor(broker: InMemoryBroker, journal: InMemoryJournal) {
    this.broker = broker;
    this.journal = journal;
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** The broker takes no messages (`connection.blocked`). */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  attach(user: LinkUser): void {
    if (this.#state === 'closed')
      throw new IllegalStateError('the in-memory transport is closed and takes no new channels');
    this.#users.add(user);
    if (this.isUp) user.linkUp();
  }

  detach(user: LinkUser): void {
    this.#users.delete(user);
  }

  down(reason: string): void {
    if (!this.isUp) return;
    this.#state = 'down';
    this.#isBlocked = false;
    this.journal.write({ event: 'disconnected' });
    const error = new OperationalError('ERR_CONNECTION_CLOSED', reason);
    for (const user of [...this.#users]) user.linkDown(error);
    this.broker.ownerLeft(this);
  }

  up(): void {
    if (this.#state !== 'down') return;
    this.#state = 'up';
    this.journal.write({ event: 'connected' });
    for (const user of [...this.#users]) user.linkUp();
  }

  setBlocked(isBlocked: boolean): void {
    this.#isBlocked = isBlocked;
    for (const user of [...this.#users]) user.linkBlocked?.();
  }

  close(): void {
    this.down('the in-memory transport was closed');
    this.#state = 'closed';
  }

  unavailable(): OperationalError {
    return new OperationalError('ERR_CONNECTION_CLOSED', 'not connected to the in-memory broker');
  }
}
