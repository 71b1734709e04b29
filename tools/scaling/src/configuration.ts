/** The virtual hosts of definitions.json, each named for the type of its queues. */
export const virtualHosts = ['quorum', 'classic'] as const;
export type VirtualHost = (typeof virtualHosts)[number];

/** How the stack is set up for a measurement. */
export interface Configuration {
  readonly virtualHost: VirtualHost;
  /** Queues, 1 or 2; workers are divided evenly among them. */
  readonly queues: 1 | 2;
  /** Workers of all queues together. */
  readonly replicas: number;
  /** `worker_concurrency` of each. */
  readonly concurrency: number;
  /** `worker_prefetch_multiplier` of each. */
  readonly multiplier: number;
}

/** Messages that the workers together may hold unacknowledged. */
export function prefetchedMessages({ replicas, concurrency, multiplier }: Configuration): number {
  return replicas * concurrency * multiplier;
}

/** Names of the queues of a configuration. */
export function queueNames({ queues }: Configuration): readonly string[] {
  return queues === 1 ? ['waiting1'] : ['waiting1', 'waiting2'];
}
