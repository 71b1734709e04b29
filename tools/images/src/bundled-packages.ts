import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

import { packageOf } from './package-of.ts';

/** A package of npm of which code is in a bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** Where it is installed, as the lock file names it; one version may be there twice. */
  readonly folder: string;
  /** SPDX identifier or expression, from the lock file. */
  readonly license: string | undefined;
  /** Subresource integrity of the package's archive, `sha512-…`, from the lock file. */
  readonly integrity: string | undefined;
  /** Folders of the bundled packages that its bundled code imports. */
  readonly imports: readonly string[];
}

export interface BundledCode {
  /** Sorted by folder. */
  readonly packages: readonly BundledPackage[];
  /** Folders of the packages that the workspace's own code imports. */
  readonly imports: readonly string[];
}

interface LockFile {
  readonly packages: Readonly<
    Record<string, { version?: string; license?: string; integrity?: string; dev?: boolean } | undefined>
  >;
}

/**
 * Which packages a bundle holds, by esbuild's own account of what went into the output.
 *
 * @param root folder of package-lock.json; the paths of the metafile start there
 * @throws Error when the bundle holds a package that is there for development alone, a test, or one that is not locked
 */
export function bundledPackages(metafile: Metafile, root: string): BundledCode {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as LockFile;
  const imports = new Map<string, Set<string>>();
  const own = new Set<string>();
  for (const path of usedInputs(metafile)) {
    const folder = folderOf(path);
    if (folder === undefined) refuseTest(path);
    const importsOfIt = folder === undefined ? own : ensure(imports, folder);
    for (const { path: imported, external } of metafile.inputs[path]?.imports ?? []) {
      const target = external === true ? undefined : folderOf(imported);
      if (target !== undefined && target !== folder) importsOfIt.add(target);
    }
  }
  const isBundled = (folder: string): boolean => imports.has(folder);
  const packages = [...imports].sort(byFolder).map(([folder, others]): BundledPackage => {
    const entry = lock.packages[folder];
    if (entry?.version === undefined)
      throw new Error(`${folder} is in the bundle, and not in package-lock.json`);
    if (entry.dev === true)
      throw new Error(`${folder} is in the bundle, and a dependency of development only`);
    const { version, license, integrity } = entry;
    return {
      ...{ name: packageOf(folder).name, version, folder, license, integrity },
      imports: [...others].filter(isBundled).sort(),
    };
  });
  return { packages, imports: [...own].filter(isBundled).sort() };
}

/** The inputs of which some bytes are in the output; others were read, and shaken off. */
function usedInputs(metafile: Metafile): string[] {
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0),
  );
  return [...new Set(used.map(([path]) => path))];
}

function folderOf(path: string): string | undefined {
  return path.includes('node_modules/') ? packageOf(path).folder : undefined;
}

function refuseTest(path: string): void {
  if (/\.spec\.ts$|\/testing\//.test(path))
    throw new Error(`${path} is in the bundle, and belongs to the tests`);
}

function ensure(map: Map<string, Set<string>>, key: string): Set<string> {
  const value = map.get(key) ?? new Set();
  map.set(key, value);
  return value;
}

function byFolder([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
