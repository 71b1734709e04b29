import { access, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The kinds of tests, in the order they run. A kind that takes longer than its limit hangs, and is ended. */
export const testKinds = [
  { name: 'unit', target: 'test', config: 'jest.config.cjs', needsBroker: false, limitMinutes: 5 },
  {
    name: 'integration',
    target: 'integration',
    config: 'jest.integration.config.cjs',
    needsBroker: true,
    limitMinutes: 15,
  },
  {
    name: 'conformance',
    target: 'conformance',
    config: 'jest.conformance.config.cjs',
    needsBroker: true,
    limitMinutes: 15,
  },
] as const;

export type TestKind = (typeof testKinds)[number];

/** The folders, relative to `root`, of the workspace's projects that have tests of this kind. */
export async function projectsWith(kind: TestKind, root: string): Promise<string[]> {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { workspaces: string[] };
  const folders = await Promise.all(manifest.workspaces.map((pattern) => expand(pattern, root)));
  const found: string[] = [];
  for (const folder of folders.flat()) if (await exists(join(root, folder, kind.config))) found.push(folder);
  return found;
}

/** Where tools/jest-tally-reporter.cjs writes. */
export function tallyPath(kind: TestKind, project: string, root: string): string {
  return join(root, project, 'test-output', `${kind.name}.json`);
}

/** Removes what an earlier run reported, so that a suite that does not run is not taken for one that passed. */
export async function removeTallies(
  kind: TestKind,
  projects: readonly string[],
  root: string,
): Promise<void> {
  await Promise.all(projects.map((project) => rm(tallyPath(kind, project, root), { force: true })));
}

/** npm's workspace patterns as this repository uses them: a folder, or the folders in one (`libs/*`). */
async function expand(pattern: string, root: string): Promise<string[]> {
  if (!pattern.endsWith('/*')) return [pattern];
  const parent = pattern.slice(0, -2);
  const entries = await readdir(join(root, parent), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => `${parent}/${entry.name}`);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
