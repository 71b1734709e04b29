import type { Delivery } from './delivery.ts';
import type { Topology } from './topology.ts';

export interface ConsumeOptions {
  /** Queues to consume; their deliveries arrive in one stream. */
  readonly queues: readonly string[];
  /** Declared before consuming, and again whenever the queues have to be consumed anew. */
  readonly topology: Topology;
  /** Most deliveries that may be unsettled at a time, for each queue; 0 is no limit (`basic.qos`, per consumer). */
  readonly prefetchCount: number;
  /** Called for each message in the order of delivery. Must not throw. */
  readonly onDelivery: (delivery: Delivery) => void;
}

/** Consumes queues, and goes on doing so after a lost connection, a closed channel or a cancelled consumer. */
export interface MessageConsumer {
  /** True while the broker has every consumer registered. */
  readonly isConsuming: boolean;

  /** Resolves once it consumes, for as long as that takes. Rejects when it is closed first. */
  whenConsuming(): Promise<void>;

  /** Stops deliveries and keeps the channel, so that what was delivered can still be settled. */
  cancel(): Promise<void>;

  /**
   * Settles what is due and closes the channel; the broker takes back what is unsettled. May be called twice.
   *
   * @param options.deleteQueues - delete the queues too: for queues that are this process's own. Default false.
   */
  close(options?: { readonly deleteQueues?: boolean }): Promise<void>;
}
