import { prefetchedMessages } from './configuration.ts';
import { CpuSampler } from './cpu-sampler.ts';
import type { MeasuredStack } from './measured-stack.ts';
import { mixedWaits } from './mixed-waits.ts';
import type { PlannedPoint } from './plan.ts';
import type { Point } from './point.ts';
import { readReductions } from './reductions.ts';
import { waitMs } from './wait-ms.ts';

export interface MeasureOptions {
  readonly stack: MeasuredStack;
  readonly labName: string;
  readonly round: number;
  /** Length of the window of a rate. */
  readonly windowMs: number;
}

/** With the window more than the ten seconds after which the broker's own figures are of the load. */
const warmUpMs = 6000;
/** Calls open beyond what workers may hold: these are in the queue, or on their way to and from it. */
const openBeyondPrefetch = 1000;

/** Takes one planned measurement; the stack must be in its configuration. */
export async function measure(
  planned: PlannedPoint,
  { stack, labName, round, windowMs }: MeasureOptions,
): Promise<Point> {
  const { series, configuration, kind, task } = planned;
  const common = { series, round, configuration };
  if (kind === 'footprint') return { ...common, kind, result: await stack.run({ kind }) };
  if (kind === 'burst') {
    return { ...common, kind, result: await stack.run({ kind, waitsMs: mixedWaits(round) }) };
  }
  const sampler = new CpuSampler(labName);
  const open = prefetchedMessages(configuration) + openBeyondPrefetch;
  try {
    const running = stack.run({ kind, task, waitMs, open, warmUpMs, windowMs });
    const [result, reductions] = await Promise.all([
      running,
      task === 'noop' ? readReductions(stack, warmUpMs) : undefined,
    ]);
    const cpu = sampler.use(result.from, result.to);
    return { ...common, kind, task, result, cpu, ...(reductions && { reductions }) };
  } finally {
    sampler.stop();
  }
}
