import { relativeError } from '../model/fit.ts';
import { throughput, type ModelParameters } from '../model/throughput-model.ts';
import { grouped, markdownTable, percent } from './markdown-table.ts';
import { mostFittedReplicas, type FittedModel } from './fitted-model.ts';
import { micros, observationOf, spread, type Summary } from './summary.ts';

/** Throughput over replicas, with the model and where the CPU goes. */
export function curveTable(summaries: readonly Summary[], { all }: FittedModel): string {
  return markdownTable(
    [
      'replicas',
      'tasks/s',
      'model',
      'error',
      'waited, ms',
      'machine busy',
      'broker, µs/task',
      'workers, µs/task',
      'publisher, µs/task',
    ],
    summaries.map((summary) => [
      String(summary.configuration.replicas),
      spread(summary.rates),
      ...modelCells(summary, all),
      summary.meanWaitedMs.toFixed(2),
      percent(summary.machine, 0),
      micros(summary.cpuEach.broker),
      micros(summary.cpuEach.worker),
      micros(summary.cpuEach.publisher),
    ]),
  );
}

/** Points that a model has not seen: those of more replicas than it was fitted to. */
export function leaveOutTable(summaries: readonly Summary[], { firstPart }: FittedModel): string {
  const unseen = summaries.filter(({ configuration }) => configuration.replicas > mostFittedReplicas);
  return markdownTable(
    ['replicas', 'concurrency', 'measured', 'predicted', 'error'],
    unseen.map((summary) => [
      String(summary.configuration.replicas),
      String(summary.configuration.concurrency),
      grouped(summary.rate),
      ...modelCells(summary, firstPart),
    ]),
  );
}

/** One replica and more and more tasks at a time. */
export function concurrencyTable(summaries: readonly Summary[], { all }: FittedModel): string {
  return markdownTable(
    ['concurrency', 'tasks/s', 'model', 'error', 'waited, ms', 'machine busy', 'worker, cores'],
    summaries.map((summary) => [
      String(summary.configuration.concurrency),
      spread(summary.rates),
      ...modelCells(summary, all),
      summary.meanWaitedMs.toFixed(2),
      percent(summary.machine, 0),
      summary.workerCores.toFixed(2),
    ]),
  );
}

/** The prefetch multiplier: what a slot loses between two tasks. */
export function prefetchTable(summaries: readonly Summary[]): string {
  return markdownTable(
    ['replicas', 'multiplier', 'tasks/s', 'o, ms', 'machine busy'],
    summaries.map((summary) => {
      const { slots, taskSeconds, rate } = observationOf(summary);
      return [
        String(summary.configuration.replicas),
        String(summary.configuration.multiplier),
        spread(summary.rates),
        ((slots / rate - taskSeconds) * 1000).toFixed(2),
        percent(summary.machine, 0),
      ];
    }),
  );
}

/** Tasks that do nothing: what the broker does for each, and what one queue could give at most. */
export function queuesTable(summaries: readonly Summary[]): string {
  return markdownTable(
    [
      'queues',
      'tasks/s',
      'machine busy',
      'broker, µs/task',
      'queue processes',
      'log process',
      'one queue at most, tasks/s',
    ],
    summaries.map((summary) => [
      `${summary.configuration.queues} ${summary.configuration.virtualHost}`,
      spread(summary.rates),
      percent(summary.machine, 0),
      micros(summary.cpuEach.broker),
      percent(summary.queueShare),
      percent(summary.logShare),
      grouped(queueCap(summary)),
    ]),
  );
}

/** Tasks per second at which the process of one queue would take a core of its own. */
export function queueCap({ queueShare, cpuEach }: Summary): number {
  return 1 / (queueShare * cpuEach.broker);
}

function modelCells(summary: Summary, parameters: ModelParameters): readonly [string, string] {
  const observation = observationOf(summary);
  return [
    grouped(throughput(observation, parameters)),
    percent(relativeError(observation, parameters), 1, true),
  ];
}
