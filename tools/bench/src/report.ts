import type { HttpFigures } from './http-round.ts';
import { ratios, spread } from './statistics.ts';
import type { WorkerFigures } from './worker-round.ts';

type Rounds<F> = Readonly<Record<string, readonly F[]>>;

/** Figures of the workers, then their ratios: median (least–most) over the rounds. */
export function workerReport(rounds: Rounds<WorkerFigures>): string {
  const lines = [
    '',
    'worker: median (least–most)',
    row('', ['tasks/s', 'worker CPU µs/task', 'broker CPU µs/task']),
  ];
  for (const [name, figures] of Object.entries(rounds)) {
    lines.push(
      row(name, [
        spread(pick(figures, 'rate'), 0),
        spread(pick(figures, 'workerCpu'), 1),
        spread(pick(figures, 'brokerCpu'), 1),
      ]),
    );
  }
  lines.push(
    '',
    'ratios of the same round: median (least–most)',
    row('', ['rate', 'worker CPU', 'broker CPU']),
  );
  for (const [name, base] of [
    ['worker', 'raw'],
    ['workerConfirmed', 'raw'],
    ['workerConfirmed', 'rawConfirmed'],
    ['worker', 'celery'],
    ['workerConfirmed', 'celery'],
  ] as const) {
    const [own, other] = [rounds[name], rounds[base]];
    if (own === undefined || other === undefined) continue;
    const compare = (key: keyof WorkerFigures): string => spread(ratios(pick(own, key), pick(other, key)));
    lines.push(row(`${name} / ${base}`, [compare('rate'), compare('workerCpu'), compare('brokerCpu')]));
  }
  return `${lines.join('\n')}\n`;
}

/** Figures of the producers for `GET /create_tasks/10` (40 messages), then their ratios. */
export function httpReport(rounds: Rounds<HttpFigures>): string {
  const lines = ['', 'GET /create_tasks/10: median (least–most)', row('', ['requests/s', 'CPU µs/request'])];
  for (const [name, figures] of Object.entries(rounds)) {
    lines.push(row(name, [spread(pick(figures, 'rate'), 1), spread(pick(figures, 'cpu'), 0)]));
  }
  lines.push('', 'ratios of the same round: median (least–most)', row('', ['rate', 'CPU']));
  for (const base of ['bare', 'flask']) {
    const [own, other] = [rounds['producer'], rounds[base]];
    if (own === undefined || other === undefined) continue;
    const compare = (key: keyof HttpFigures): string => spread(ratios(pick(own, key), pick(other, key)));
    lines.push(row(`producer / ${base}`, [compare('rate'), compare('cpu')]));
  }
  return `${lines.join('\n')}\n`;
}

function pick<F extends object>(figures: readonly F[], key: keyof F): readonly number[] {
  return figures.map((figure) => Number(figure[key]));
}

function row(name: string, cells: readonly string[]): string {
  return `  ${name.padEnd(32)}${cells.map((cell) => cell.padStart(24)).join('')}`;
}
