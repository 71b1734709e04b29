import { demand, slotsAtCap, throughput, type ModelParameters } from '../model/throughput-model.ts';
import { grouped, markdownTable } from './markdown-table.ts';
import { queueCap } from './rate-tables.ts';
import type { Summary } from './summary.ts';
import { waitMs } from '../wait-ms.ts';

const taskSeconds = waitMs / 1000;
const counts = [100, 1000] as const;
const concurrencies = [2, 16, 64] as const;
/** Cores of the broker in the last columns. */
export const brokerCores = 8;

export interface PredictionOptions {
  readonly model: ModelParameters;
  /** One quorum queue under tasks that do nothing. */
  readonly queue: Summary;
}

/** What other numbers of replicas give: here, and by the caps of a broker with a machine of its own. */
export function predictionTable({ model, queue }: PredictionOptions): string {
  const caps = brokerCaps(queue);
  const rows = counts.flatMap((replicas) =>
    concurrencies.map((concurrency) => {
      const load = { slots: replicas * concurrency, taskSeconds };
      const at = (cap: number): string => grouped(throughput(load, { ...model, cap }));
      return [
        grouped(replicas),
        String(concurrency),
        grouped(demand(load, model)),
        at(model.cap),
        at(caps.broker),
        at(caps.queue),
      ];
    }),
  );
  const head = [
    'replicas',
    'concurrency',
    'slots alone',
    'this machine',
    `broker of ${brokerCores} cores`,
    'one queue, cores without end',
  ];
  const cap = ['', 'cap', '', grouped(model.cap), grouped(caps.broker), grouped(caps.queue)];
  return markdownTable(head, [...rows, cap]);
}

/** Replicas that fill the cap, for a few lengths of tasks. */
export function feedingTable({ model, queue }: PredictionOptions): string {
  const caps = brokerCaps(queue);
  return markdownTable(
    ['task', 'concurrency', 'this machine', `broker of ${brokerCores} cores`],
    [0.005, 0.02, 0.1, 1].flatMap((seconds) =>
      [4, 64].map((concurrency) => {
        const replicas = (cap: number): string =>
          grouped(Math.ceil(slotsAtCap(seconds, { ...model, cap }) / concurrency));
        return [
          `${grouped(seconds * 1000)} ms`,
          String(concurrency),
          replicas(model.cap),
          replicas(Math.min(caps.broker, caps.queue)),
        ];
      }),
    ),
  );
}

function brokerCaps(queue: Summary): { readonly broker: number; readonly queue: number } {
  return { broker: brokerCores / queue.cpuEach.broker, queue: queueCap(queue) };
}
