import type { Delivery } from './delivery.ts';
import type { Topology } from './topology.ts';

export interface ConsumeOptions {
  /** Queues to consume from the start; their deliveries arrive in one stream. */
  readonly queues: readonly string[];
  /** Declared before consuming, and again whenever the queues have to be consumed anew. */
  readonly topology: Topology;
  /** Most deliveries that may be unsettled at a time, for each queue; 0 is no limit (`basic.qos`, per consumer). */
  readonly prefetchCount: number;
  /** Called for each message in the order of delivery. What it throws is logged, and the message rejected without requeue. */
  readonly onDelivery: (delivery: Delivery) => void;
  /** Called when a channel is gone, and with it every delivery of it that was not settled. */
  readonly onDeliveriesLost?: () => void;
}

/** Consumes queues, and goes on doing so after a lost connection, a closed channel or a cancelled consumer. */
export interface MessageConsumer {
  /** True while the broker has every consumer registered; false while it is paused. */
  readonly isConsuming: boolean;

  /** Resolves once it consumes, for as long as that takes. Rejects when it is closed first. */
  whenConsuming(): Promise<void>;

  /**
   * Consumes one more queue. Resolves once it does, which may be when the broker is back; it is then consumed anew after
   * every loss, like the others. A queue that is consumed already stays as it was declared.
   *
   * @param topology - declared before the queue is consumed; nothing for a queue that has to be there
   * @throws OperationalError when the broker refuses the declaration or there is no such queue (`replyCode` 403 to 406);
   * the other queues go on. A queue that may be declared and not consumed is found out on the channel of all of them:
   * the broker closes it, and their unsettled deliveries come again.
   * @throws IllegalStateError when the consumer is cancelled or closed, or the queue removed, before it is consumed
   */
  add(queue: string, topology: Topology): Promise<void>;

  /**
   * Stops to consume a queue, for good; what was delivered from it can still be settled. Does nothing when it is not
   * consumed.
   */
  remove(queue: string): Promise<void>;

  /**
   * Takes no more messages until `resume()`, over losses of the connection too: `basic.cancel` for each queue, the channel
   * stays. What is on its way is still delivered. A queue that would be deleted without its consumer is consumed on.
   */
  pause(): void;

  /** Whether no more messages of a queue are taken: one of them that is requeued now goes elsewhere. */
  isPaused(queue: string): boolean;

  /** Consumes the queues again, each with at most so many unsettled deliveries from now on. */
  resume(prefetchCount: number): void;

  /** Stops deliveries and keeps the channel, so that what was delivered can still be settled. */
  cancel(): Promise<void>;

  /**
   * Settles what is due and closes the channel; the broker takes back what is unsettled. May be called twice.
   *
   * @param options.deleteQueues - delete the queues that it consumes too: for queues that are this process's own. Default false.
   */
  close(options?: { readonly deleteQueues?: boolean }): Promise<void>;
}
