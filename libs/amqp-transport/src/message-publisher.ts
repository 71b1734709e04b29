import type { OperationalError } from './operational-error.ts';
import type { Headers, MessageProperties } from '@celeriac/primitives';

/** A message to publish. */
export interface PublishMessage {
  /** `''` is the default exchange, which routes to the queue named by the routing key. */
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: MessageProperties;
  readonly headers: Headers;
  readonly body: Buffer;
  /** Fail when no queue takes the message; without it such a message is dropped silently. */
  readonly mandatory: boolean;
}

export interface PublisherOptions {
  /** Wait for the broker's confirm (`confirm.select`). Without it a publish counts as done once it is written. */
  readonly confirm: boolean;
  /** Most messages that may be unconfirmed at a time; more wait their turn. Default 1024. */
  readonly maxInFlight?: number;
  /** Most messages that may wait for their turn; more are refused. Default 100 000. */
  readonly maxWaiting?: number;
  /** A publish that is not confirmed in this time fails, in ms. Default none: it waits. */
  readonly timeoutMs?: number;
  /** Larger bodies are refused before they are sent, in bytes. Default 128 MiB, RabbitMQ's own limit up to 3.x. */
  readonly maxBodyBytes?: number;
  /** Refuse at once while there is no connection, instead of waiting for it. Default false. */
  readonly failFast?: boolean;
}

/** Called once for each publish: with no argument when the broker has the message, else with why it does not. */
export type OnPublished = (error?: OperationalError) => void;

/**
 * Publishes messages in order, with confirms pipelined in a bounded window.
 *
 * A message whose confirm was lost with its connection is sent again: the broker may then have it twice, under the same
 * ids. It waits while the broker blocks publishers and while the socket's buffer is full.
 */
export interface MessagePublisher {
  /** True while a message can be sent at once. */
  readonly isReady: boolean;

  /**
   * Publishes; the outcome comes through the callback, never by throwing.
   *
   * Errors: ERR_PUBLISH_UNROUTABLE (mandatory, and no queue took it), ERR_PUBLISH_REFUSED (the broker said no),
   * ERR_PUBLISH_TOO_LARGE, ERR_PUBLISH_QUEUE_FULL, ERR_PUBLISH_TIMEOUT and ERR_CONNECTION_CLOSED.
   */
  send(message: PublishMessage, onPublished: OnPublished): void;

  /** As `send`, as a promise. */
  publish(message: PublishMessage): Promise<void>;

  /** Waits until nothing is unconfirmed or waiting, at most `drainMs`, fails the rest and closes. May be called twice. */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}
