import type { Configuration } from './configuration.ts';
import type { CpuUse } from './cpu-sampler.ts';
import type { ReductionShares } from './reductions.ts';
import type { BurstResult, FootprintResult, RateJob, RateResult } from './job.ts';

/** One measurement: a line of the file of points. */
export type Point = RatePoint | BurstPoint | FootprintPoint;

interface AnyPoint {
  /** Which question it is for. */
  readonly series: SeriesName;
  /** Counted from 1; rounds are measured one after the other, so that a slow quarter of an hour is in one of them. */
  readonly round: number;
  readonly configuration: Configuration;
}

export interface RatePoint extends AnyPoint {
  readonly kind: 'rate';
  readonly task: RateJob['task'];
  readonly result: RateResult;
  /** In the window of the measurement. */
  readonly cpu: CpuUse;
  /** Of calls of noop alone. */
  readonly reductions?: ReductionShares;
}

export interface BurstPoint extends AnyPoint {
  readonly kind: 'burst';
  readonly result: BurstResult;
}

export interface FootprintPoint extends AnyPoint {
  readonly kind: 'footprint';
  readonly result: FootprintResult;
}

/** The questions, in the order of docs/scaling.md. */
export const seriesNames = [
  'replicas',
  'saturation',
  'concurrency',
  'prefetch',
  'burst',
  'queues',
  'footprint',
] as const;
export type SeriesName = (typeof seriesNames)[number];

/** Answers per second in the window. */
export function rateOf({ result }: RatePoint): number {
  return result.answered / ((result.to - result.from) / 1000);
}
