import type { Configuration } from '../configuration.ts';
import { parts, type Part } from '../cpu-sampler.ts';
import type { Observation } from '../model/fit.ts';
import { rateOf, type RatePoint } from '../point.ts';
import { median } from '../statistics.ts';
import { waitMs } from '../wait-ms.ts';
import { grouped } from './markdown-table.ts';

/** The rounds of one configuration. */
export interface Summary {
  readonly configuration: Configuration;
  readonly rates: readonly number[];
  readonly rate: number;
  readonly meanWaitedMs: number;
  /** Share of the machine's cores that was busy. */
  readonly machine: number;
  /** Seconds of CPU for each task, by part. */
  readonly cpuEach: Readonly<Record<Part, number>>;
  /** Cores that the workers kept busy together. */
  readonly workerCores: number;
  /** Shares of the broker's work; NaN where they were not asked for. */
  readonly queueShare: number;
  readonly logShare: number;
}

/** Medians over the rounds of each configuration, in the order of the first round. */
export function summarise(points: readonly RatePoint[]): readonly Summary[] {
  const groups = new Map<string, RatePoint[]>();
  for (const point of points) {
    const key = JSON.stringify(point.configuration);
    groups.set(key, [...(groups.get(key) ?? []), point]);
  }
  return [...groups.values()].map(summaryOf);
}

function summaryOf(rounds: readonly RatePoint[]): Summary {
  const middle = (value: (point: RatePoint) => number): number => median(rounds.map(value));
  const each = (part: Part) => (point: RatePoint) => point.cpu.seconds[part] / point.result.answered;
  const [first] = rounds;
  if (first === undefined) throw new RangeError('a configuration without a point');
  return {
    configuration: first.configuration,
    rates: rounds.map(rateOf),
    rate: middle(rateOf),
    meanWaitedMs: middle(({ result }) => result.meanWaitedMs),
    machine: middle(({ cpu }) => cpu.machine),
    cpuEach: Object.fromEntries(parts.map((part) => [part, middle(each(part))])) as Record<Part, number>,
    workerCores: middle(({ cpu, result }) => cpu.seconds.worker / ((result.to - result.from) / 1000)),
    queueShare: middle(({ reductions }) => reductions?.queues ?? NaN),
    logShare: middle(({ reductions }) => reductions?.log ?? NaN),
  };
}

/** What the model sees of a configuration: tasks as long as they were meant to be, as it has to work for others to come. */
export function observationOf({ configuration, rate }: Summary): Observation {
  const { replicas, concurrency } = configuration;
  return { slots: replicas * concurrency, taskSeconds: waitMs / 1000, rate };
}

/** Median with the least and the most of the rounds: `1 534 (1 318–1 631)`. */
export function spread(values: readonly number[]): string {
  return `${grouped(median(values))} (${grouped(Math.min(...values))}–${grouped(Math.max(...values))})`;
}

/** Microseconds of CPU for each task. */
export function micros(seconds: number): string {
  return grouped(seconds * 1e6);
}
