import type { Verdict } from './verdict.ts';

/** The verdicts as a Markdown table, a line for each scenario. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  const head = [
    'scenario',
    'sent',
    'confirmed',
    'executed',
    'answered',
    'lost',
    'run twice',
    'wrong',
    'HTTP 5xx',
    'consuming again after',
  ];
  const rows = verdicts.map(({ window, report }) => [
    window.scenario.name,
    report.sent,
    report.confirmed,
    report.executed,
    report.answered,
    report.lost.count,
    duplicates(report.duplicated.count, report.unexplained),
    report.wrong.count,
    report.http5xx,
    `${(longestSilence(report.longestSilenceMs) / 1000).toFixed(1)} s`,
  ]);
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('');
}

function duplicates(count: number, unexplained: number): string {
  return count === 0 ? '0' : `${count} (unexplained: ${unexplained})`;
}

/** The longest time in which some queue had no task run: an upper bound of the time until it was consumed again. */
function longestSilence(ofQueues: Readonly<Record<string, number>>): number {
  return Math.max(0, ...Object.values(ofQueues));
}
