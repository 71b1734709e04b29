import type { RatePoint } from '../point.ts';
import { curveTable } from './rate-tables.ts';
import { observationOf, summarise } from './summary.ts';

/** A window of two seconds. */
function point(replicas: number, round: number, answered: number, brokerSeconds: number): RatePoint {
  return {
    kind: 'rate',
    series: 'replicas',
    task: 'wait',
    round,
    configuration: { virtualHost: 'quorum', queues: 1, replicas, concurrency: 3, multiplier: 4 },
    result: {
      kind: 'rate',
      from: 1000,
      to: 3000,
      answered,
      answeredEachSecond: [],
      meanWaitedMs: 20.5,
      readyAtEnd: [1000],
      brokerBytes: 0,
    },
    cpu: { machine: 0.25, seconds: { broker: brokerSeconds, worker: 0.5, publisher: 0.1 } },
  };
}

const points = [
  point(1, 1, 200, 0.02),
  point(4, 1, 4000, 0.4),
  point(1, 2, 240, 0.06),
  point(1, 3, 220, 0.044),
];

describe('summarise', () => {
  it('takes medians over the rounds of a configuration', () => {
    const [one, four] = summarise(points);

    expect(one).toMatchObject({ rates: [100, 120, 110], rate: 110, machine: 0.25, workerCores: 0.25 });
    expect(one?.cpuEach.broker).toBeCloseTo(0.0002, 9);
    expect(four).toMatchObject({ rates: [2000], rate: 2000 });
  });

  it('gives the model slots and seconds', () => {
    expect(summarise(points).map(observationOf)).toEqual([
      { slots: 3, taskSeconds: 0.02, rate: 110 },
      { slots: 12, taskSeconds: 0.02, rate: 2000 },
    ]);
  });
});

describe('curveTable', () => {
  it('shows the medians with their spread, and the error of the model', () => {
    const model = { overheadSeconds: 0.005, cap: 1e9, sharpness: 4 };
    const rows = curveTable(summarise(points), { all: model, firstPart: model }).split('\n');

    expect(rows[2]).toBe('| 1 | 110 (100–120) | 120 | +9.1 % | 20.50 | 25 % | 200 | 2 273 | 455 |');
    expect(rows[3]).toContain('| 4 | 2 000 (2 000–2 000) | 480 | -76.0 % |');
  });
});
