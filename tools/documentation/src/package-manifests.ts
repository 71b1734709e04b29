import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A project's package.json, as far as the documentation speaks of it. */
export interface PackageManifest {
  /** Folder, `.` for the root. */
  readonly folder: string;
  /** Names of all packages it depends on that are not ours, for development or not. */
  readonly dependencies: readonly string[];
}

interface Manifest {
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** The manifests of the root and of every workspace, sorted by folder. */
export async function packageManifests(root: string): Promise<readonly PackageManifest[]> {
  const { workspaces = [] } = await readManifest(join(root, 'package.json'));
  const folders = (await Promise.all(workspaces.map((pattern) => expand(root, pattern)))).flat();
  return Promise.all(
    ['.', ...folders.sort()].map(async (folder) => {
      const manifest = await readManifest(join(root, folder, 'package.json'));
      const { dependencies, devDependencies, peerDependencies, optionalDependencies } = manifest;
      const names = Object.keys({
        ...dependencies,
        ...devDependencies,
        ...peerDependencies,
        ...optionalDependencies,
      });
      return { folder, dependencies: names.filter((name) => !name.startsWith('@celeriac/')) };
    }),
  );
}

/** A folder, or the folders in it that are packages: `libs/*`. */
async function expand(root: string, pattern: string): Promise<readonly string[]> {
  if (!pattern.endsWith('/*')) return [pattern];
  const parent = pattern.slice(0, -2);
  const entries = await readdir(join(root, parent), { withFileTypes: true });
  return entries
    .filter(({ name }) => existsSync(join(root, parent, name, 'package.json')))
    .map(({ name }) => `${parent}/${name}`);
}

async function readManifest(path: string): Promise<Manifest> {
  return JSON.parse(await readFile(path, 'utf8')) as Manifest; // npm has read it before us
}
