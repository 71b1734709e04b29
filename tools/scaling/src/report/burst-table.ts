import { burst } from '../mixed-waits.ts';
import type { BurstPoint } from '../point.ts';
import { median } from '../statistics.ts';
import { grouped, markdownTable } from './markdown-table.ts';
import { spread } from './summary.ts';

/** How evenly a burst falls on the replicas, by how much they may take at once. */
export function burstTable(points: readonly BurstPoint[]): string {
  const multipliers = [...new Set(points.map(({ configuration }) => configuration.multiplier))];
  return markdownTable(
    [
      'multiplier',
      'prefetch count',
      'last answer, ms',
      'least possible, ms',
      'median, ms',
      '99 of 100, ms',
      'least and most by a replica',
    ],
    multipliers.map((multiplier) => {
      const rounds = points.filter(({ configuration }) => configuration.multiplier === multiplier);
      const concurrency = rounds[0]?.configuration.concurrency ?? NaN;
      const replicas = rounds[0]?.configuration.replicas ?? NaN;
      const middle = (value: (point: BurstPoint) => number): number => median(rounds.map(value));
      return [
        String(multiplier),
        String(multiplier * concurrency),
        spread(rounds.map(({ result }) => result.tookMs)),
        grouped(leastPossibleMs(replicas * concurrency)),
        grouped(middle(({ result }) => result.medianMs)),
        grouped(middle(({ result }) => result.p99Ms)),
        `${middle(({ result }) => Math.min(...result.ranBy))}–${middle(({ result }) => Math.max(...result.ranBy))}`,
      ];
    }),
  );
}

/** All the waiting of a burst, divided evenly among the slots. */
function leastPossibleMs(slots: number): number {
  const long = burst.calls * burst.longShare;
  return (long * burst.longMs + (burst.calls - long) * burst.shortMs) / slots;
}
