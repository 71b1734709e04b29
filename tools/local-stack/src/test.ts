import { parseArgs } from 'node:util';

import { LocalStackError } from './local-stack-error.ts';
import { unfinishedProjects } from './nx-output.ts';
import { runNxTarget } from './nx-run.ts';
import { progressLog } from './progress-log.ts';
import { readSkippedTitle, skippedTitle } from './skipped-title.ts';
import { listenForStop } from './stop-request.ts';
import { openTestEnvironment } from './test-environment.ts';
import type { TestEnvironment } from './test-environment.ts';
import { projectsWith, removeTallies, tallyPath, testKinds } from './test-kinds.ts';
import type { TestKind } from './test-kinds.ts';
import { addTallies, emptyTally, formatTally, readTally } from './test-tally.ts';
import type { TestTally } from './test-tally.ts';
import { findWorkspaceRoot } from './workspace-root.ts';

interface Run {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly isVerbose: boolean;
}

/**
 * `npm test`: every test of every project, unit first, then those that need a broker, which it provides.
 *
 * `--only unit,integration` runs some kinds; `--verbose` shows what the suites print even when they pass. The last line is the sum:
 * `N passed, N failed, N skipped`.
 *
 * @returns the exit code: 0 when nothing failed, 1 when something did, 130 when it was interrupted
 */
export async function main(args: readonly string[]): Promise<number> {
  const { stop, release } = listenForStop();
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { only: { type: 'string' }, verbose: { type: 'boolean', default: false } },
    });
    const kinds = chosenKinds(values.only);
    const run: Run = { root: findWorkspaceRoot(), env: process.env, signal: stop, isVerbose: values.verbose };
    const total = addTallies(await runKinds(kinds, run));
    stop.throwIfAborted();
    report(total);
    return total.failed > 0 ? 1 : 0;
  } catch (caught) {
    if (stop.aborted) return 130;
    throw caught;
  } finally {
    release();
  }
}

/** @throws LocalStackError for a kind that does not exist */
function chosenKinds(only: string | undefined): readonly TestKind[] {
  if (only === undefined) return testKinds;
  return only.split(',').map((name) => {
    const kind = testKinds.find((one) => one.name === name);
    if (kind === undefined) {
      const names = testKinds.map((one) => one.name).join(', ');
      throw new LocalStackError(`--only takes kinds of tests (${names}), got ${JSON.stringify(name)}`);
    }
    return kind;
  });
}

async function runKinds(kinds: readonly TestKind[], run: Run): Promise<TestTally[]> {
  const tallies: TestTally[] = [];
  let environment: TestEnvironment | undefined;
  try {
    for (const kind of kinds) {
      const projects = await projectsWith(kind, run.root);
      if (projects.length === 0) continue;
      // opened late: unit tests ask for nothing, and should not share the machine with a starting broker
      if (kind.needsBroker) environment ??= await openTestEnvironment({ log: progressLog(), ...run });
      const noBroker = kind.needsBroker ? environment?.noBroker : undefined;
      if (noBroker === undefined) {
        tallies.push(
          await runKind(kind, projects, { ...run, env: { ...run.env, ...environment?.variables } }),
        );
      } else {
        const skipped = projects.map((project) => skippedTitle(`${project}: ${kind.name} tests`, noBroker));
        tallies.push({ ...emptyTally, skipped });
      }
      run.signal.throwIfAborted();
    }
  } finally {
    await environment?.close();
  }
  return tallies;
}

async function runKind(kind: TestKind, projects: readonly string[], run: Run): Promise<TestTally> {
  const { root } = run;
  const startedAt = performance.now();
  await removeTallies(kind, projects, root);
  const limit = AbortSignal.timeout(kind.limitMinutes * 60_000);
  const signal = AbortSignal.any([run.signal, limit]);
  const { code, output } = await runNxTarget({ ...run, signal, target: kind.target });
  run.signal.throwIfAborted();
  const reports = await Promise.all(
    projects.map((project) => readTally(tallyPath(kind, project, root), project)),
  );
  const tally = addTallies([
    ...reports,
    unexplained(kind, { code, output, isTimedOut: limit.aborted, failed: addTallies(reports).failed }),
  ]);
  if (tally.failed > 0) process.stdout.write(`${output}\n`);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const where = `${String(projects.length)} ${projects.length === 1 ? 'project' : 'projects'}`;
  process.stdout.write(`${kind.name}: ${formatTally(tally)} (${where}, ${seconds} s)\n`);
  return tally;
}

/** What failed beside the tests: the run hung, a suite crashed at its end, or Nx itself had a problem. */
function unexplained(
  kind: TestKind,
  end: {
    readonly code: number | null;
    readonly output: string;
    readonly isTimedOut: boolean;
    readonly failed: number;
  },
): TestTally {
  const failure = (why: string): TestTally => ({
    ...emptyTally,
    failed: 1,
    broken: [`${kind.name} tests: ${why}`],
  });
  if (end.isTimedOut) {
    const running = unfinishedProjects(end.output).join(', ') || 'not known';
    return failure(`stopped after ${String(kind.limitMinutes)} minutes, still running: ${running}`);
  }
  if (end.code !== 0 && end.failed === 0) {
    return failure(`all passed, yet nx ended with exit code ${String(end.code)}`);
  }
  return emptyTally;
}

function report(total: TestTally): void {
  for (const name of total.skipped) {
    const { title, reason } = readSkippedTitle(name);
    process.stdout.write(`skipped: ${title}: ${reason}\n`);
  }
  for (const name of total.broken) process.stdout.write(`did not run: ${name}\n`);
  process.stdout.write(`${formatTally(total)}\n`);
}
