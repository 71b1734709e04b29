import { coerceError, type Clock, type Logger } from '@celeriac/primitives';
import { float, writeJson } from '@celeriac/protocol';
import { eventMessage, eventRoutingKey, groupedTaskEvents } from './event-message.ts';
import type { EventPublisher } from './event-publisher.ts';
import { LamportClock } from './lamport-clock.ts';

/** What an event tells beside what all events do, in the order of the wire; undefined is left out. */
export type EventFields = Readonly<Record<string, unknown>>;

export interface EventDispatcherOptions {
  readonly publisher: EventPublisher;
  readonly exchange: string;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Celery's `buffer_limit`. */
const mostInGroup = 24;

/**
 * Makes events and sends them: alone, or together with those of the same turn.
 *
 * [EVENT-FIELDS] Source: Celery 5.7.0, celery/events/event.py `Event`, celery/events/dispatcher.py
 * `EventDispatcher.publish`, `send`, `flush`; recorded events. `utcoffset` is whole hours with the sign of C's `timezone`,
 * which is JavaScript's as well.
 */
export class EventDispatcher {
  readonly #options: EventDispatcherOptions;
  readonly #lamport = new LamportClock();
  #group: string[] = [];
  #flushing: NodeJS.Immediate | undefined;

  constructor(options: EventDispatcherOptions) {
    this.#options = options;
  }

  /** Sends an event now. Never throws: one that cannot be written is logged. */
  send(type: string, fields: EventFields): void {
    const event = this.#write(type, fields);
    if (event !== undefined) this.#publish(eventRoutingKey(type), event);
  }

  /** Sends an event at the end of the turn, in one message with the others of the turn. Never throws. */
  sendInGroup(type: string, fields: EventFields): void {
    const event = this.#write(type, fields);
    if (event === undefined) return;
    this.#group.push(event);
    if (this.#group.length >= mostInGroup) this.flush();
    else this.#flushing ??= setImmediate(this.flush);
  }

  /** Sends what waits for the end of the turn. */
  readonly flush = (): void => {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    if (this.#group.length === 0) return;
    const events = this.#group;
    this.#group = [];
    this.#publish(groupedTaskEvents, `[${events.join(', ')}]`);
  };

  #write(type: string, fields: EventFields): string | undefined {
    const { clock, logger, nodeName } = this.#options;
    const now = clock.now();
    try {
      return writeJson({
        hostname: nodeName,
        utcoffset: Math.floor(new Date(now).getTimezoneOffset() / 60),
        pid: process.pid,
        clock: this.#lamport.forward(),
        ...fields,
        timestamp: float(now / 1000),
        type,
      });
    } catch (error) {
      logger.warn({ event: type, reason: coerceError(error).message }, 'event cannot be written');
      return undefined;
    }
  }

  #publish(routingKey: string, json: string): void {
    const { exchange, nodeName, publisher } = this.#options;
    publisher.send(eventMessage(exchange, routingKey, nodeName, json));
  }
}
