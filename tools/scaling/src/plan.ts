import type { Configuration } from './configuration.ts';
import type { SeriesName } from './point.ts';

/** What is measured in every round. */
export interface PlannedPoint {
  readonly series: SeriesName;
  readonly configuration: Configuration;
  readonly kind: 'rate' | 'burst' | 'footprint';
  readonly task: 'wait' | 'noop';
}

/** Counts of replicas for the curve. */
export const replicaCounts = [1, 2, 4, 8, 12, 16] as const;
/** Low enough that sixteen replicas do not take all of a machine of two cores. */
const unsaturatedConcurrency = 1;
/** High enough that a few replicas do. */
const saturatingConcurrency = 16;

const usual: Configuration = {
  virtualHost: 'quorum',
  queues: 1,
  replicas: 1,
  concurrency: 2,
  multiplier: 4, // as in swarm-stack.yml
};

function planned(
  series: SeriesName,
  given: Partial<Configuration>,
  rest: Partial<PlannedPoint> = {},
): PlannedPoint {
  return { series, kind: 'rate', task: 'wait', ...rest, configuration: { ...usual, ...given } };
}

/** The measurements of one round, ordered so that workers are replaced as seldom as can be. */
export const plan: readonly PlannedPoint[] = [
  planned('footprint', { replicas: 1 }, { kind: 'footprint' }),
  ...replicaCounts.map((replicas) => planned('replicas', { replicas, concurrency: unsaturatedConcurrency })),
  planned('footprint', { replicas: 16 }, { kind: 'footprint' }),
  ...replicaCounts.map((replicas) => planned('saturation', { replicas, concurrency: saturatingConcurrency })),
  ...[1, 4, 16, 64, 256].map((slots) => planned('concurrency', { concurrency: slots })),
  ...[1, 2, 4].flatMap((times) =>
    [1, 8].map((replicas) => planned('prefetch', { replicas, multiplier: times })),
  ),
  ...[1, 2, 4, 16, 64].map((times) =>
    planned('burst', { replicas: 8, multiplier: times }, { kind: 'burst' }),
  ),
  ...(['quorum', 'classic'] as const).flatMap((virtualHost) =>
    ([1, 2] as const).map((queues) =>
      planned('queues', { virtualHost, queues, replicas: 8, concurrency: 16 }, { task: 'noop' }),
    ),
  ),
];
