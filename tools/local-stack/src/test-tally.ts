import { readFile } from 'node:fs/promises';

import { LocalStackError } from './local-stack-error.ts';

/** What one run of tests came to. */
export interface TestTally {
  readonly passed: number;
  /** Failed tests; a file that could not be run counts as one. */
  readonly failed: number;
  /** Full names of the tests that did not run, reason included (see `skippedTitle`). */
  readonly skipped: readonly string[];
  /** Files that could not be run, and projects that did not report. */
  readonly broken: readonly string[];
}

export const emptyTally: TestTally = { passed: 0, failed: 0, skipped: [], broken: [] };

export function addTallies(tallies: readonly TestTally[]): TestTally {
  return tallies.reduce(
    (sum, one) => ({
      passed: sum.passed + one.passed,
      failed: sum.failed + one.failed,
      skipped: [...sum.skipped, ...one.skipped],
      broken: [...sum.broken, ...one.broken],
    }),
    emptyTally,
  );
}

/** `12 passed, 0 failed, 1 skipped` */
export function formatTally({ passed, failed, skipped }: TestTally): string {
  return `${String(passed)} passed, ${String(failed)} failed, ${String(skipped.length)} skipped`;
}

/**
 * Reads what tools/jest-tally-reporter.cjs wrote for one project. A project that wrote nothing did not get as far as running a test
 * and counts as one failure.
 *
 * @throws LocalStackError when the file is there and is not a tally
 */
export async function readTally(path: string, project: string): Promise<TestTally> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined)
    return { ...emptyTally, failed: 1, broken: [`${project}: no report, the suite did not run`] };
  return decodeTally(JSON.parse(text), path, project);
}

function decodeTally(value: unknown, path: string, project: string): TestTally {
  if (typeof value !== 'object' || value === null)
    throw new LocalStackError(`${path} is not a tally of tests`);
  const { passed, failed, skipped, broken } = value as Record<string, unknown>;
  if (
    !Number.isSafeInteger(passed) ||
    !Number.isSafeInteger(failed) ||
    !isNames(skipped) ||
    !isNames(broken)
  ) {
    throw new LocalStackError(`${path} is not a tally of tests: passed, failed, skipped or broken is wrong`);
  }
  return {
    passed: Number(passed),
    failed: Number(failed) + broken.length,
    skipped: skipped.map((name) => `${project}: ${name}`),
    broken: broken.map((file) => `${project}: ${file}`),
  };
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
