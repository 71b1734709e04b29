import { runCommand } from '@celeriac/local-stack';
import { join } from 'node:path';
import process from 'node:process';
import type { RecordsFolder } from './records-folder.ts';
import type { Scenario } from './scenario.ts';

/** The part of a campaign in which one scenario took place, in ms since the epoch. */
export interface Window {
  readonly scenario: Scenario;
  readonly from: number;
  readonly to: number;
}

/** What the checker counted among the calls that were first sent in a window. */
export interface Verdict {
  readonly window: Window;
  /** Whether the checker's rules hold. */
  readonly isGood: boolean;
  readonly report: Report;
}

export interface Report {
  readonly sent: number;
  readonly confirmed: number;
  readonly executed: number;
  readonly answered: number;
  readonly unanswered: number;
  readonly lost: Count;
  readonly duplicated: Count;
  readonly explained: number;
  readonly unexplained: number;
  readonly wrong: Count;
  readonly phantom: Count;
  readonly refused: number;
  readonly http5xx: number;
  readonly longestSilenceMs: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

interface Count {
  readonly count: number;
  readonly ids: readonly string[];
}

/** Has the records of a window judged by the checker, a program of its own that knows nothing of the product. */
export async function judge(folder: RecordsFolder, window: Window): Promise<Verdict> {
  const program = join(folder.programs, 'check-records.mjs');
  const { scenario, from, to } = window;
  const span = ['--from', String(from), '--to', String(to)];
  const rules = [
    `--${scenario.kind}`,
    ...(scenario.replacesProducers === true ? ['--producer-replaced'] : []),
  ];
  const { code, output } = await runCommand(process.execPath, [program, folder.records, ...span, ...rules]);
  if (code !== 0 && code !== 1) throw new Error(`the checker ended with ${String(code)}: ${output}`);
  return { window, isGood: code === 0, report: JSON.parse(output) as Report };
}
