import { build, type BuildOptions, type Metafile } from 'esbuild';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

import { bundledPackages, type BundledCode } from './bundled-packages.ts';
import { installedPackages } from './installed-packages.ts';
import { copyOwnFiles, ownFilesBanner } from './own-files.ts';

export interface BundleOptions {
  /** Folder of the workspace: package-lock.json, and node_modules. */
  readonly root: string;
  /** The app's folder in it, `apps/addition`; its entry is src/main.ts. */
  readonly appDir: string;
  /**
   * Gets main.js, package.json, and the files that packages read at run time; of an app with tasks also tasks.js,
   * pool-process.js, pool-thread.js, and what these share. Beside each module lies its source map.
   */
  readonly outDir: string;
}

/** What a bundle was made of, beside the files. */
export interface AppBundle extends BundledCode {
  /** Of the app's package.json. */
  readonly name: string;
  readonly version: string;
}

/** `require` for the CommonJS packages inside: an ES module has none, and they ask for Node's own modules with it. */
const requireForPackages =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/**
 * What a package uses when it happens to be there, and nobody asked for: left out, also where a tool for development has
 * brought it along, so that a bundle is the same there and in an image.
 */
const leftOut = ['supports-color']; // colours for the lines of `debug`

/**
 * Makes one ES module of an app, from the TypeScript sources of the workspace and the packages of node_modules. It is
 * the same, to the byte, for the same sources and the same lock file.
 *
 * An app with tasks also gets what its pool of threads or processes runs: its tasks as a module of their own, and the
 * programs that import it, as modules that share their code. (Errors are told apart by their classes, of which there must
 * be one each in a program.)
 *
 * Warnings of the bundler are errors: in other people's code they have been real failures at run time.
 */
export async function bundleApp({ root, appDir, outDir }: BundleOptions): Promise<AppBundle> {
  const options = { ...commonOptions, absWorkingDir: root, outdir: outDir };
  const main = await build({ ...options, entryPoints: [{ in: `${appDir}/src/main.ts`, out: 'main' }] });
  const results = [main];
  const tasks = `${appDir}/src/tasks.ts`;
  if (existsSync(join(root, tasks))) {
    const programs = ['pool-process', 'pool-thread'].map((out) => ({ in: `@celeriac/worker/${out}`, out }));
    const entryPoints = [{ in: tasks, out: 'tasks' }, ...programs];
    results.push(await build({ ...options, entryPoints, splitting: true, chunkNames: 'pool-[hash]' }));
  }
  const warnings = results.flatMap((result) => result.warnings);
  if (warnings.length > 0) {
    throw new Error(`${appDir} cannot be bundled: ${warnings.map(({ text }) => text).join('; ')}`);
  }
  const metafile = {
    inputs: Object.assign({}, ...results.map((result) => result.metafile.inputs)) as Metafile['inputs'],
    outputs: Object.assign({}, ...results.map((result) => result.metafile.outputs)) as Metafile['outputs'],
  };
  const code = bundledPackages(metafile, root);
  copyOwnFiles(code.packages, root, outDir);
  const maps = Object.keys(metafile.outputs).filter((path) => path.endsWith('.map'));
  for (const map of maps) nameSourcesFromRoot(resolve(root, map), root);
  const { name, version } = readManifest(join(root, appDir));
  writeFileSync(join(outDir, 'package.json'), `${JSON.stringify({ name, version, type: 'module' })}\n`);
  return { name, version, ...code };
}

const commonOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  external: leftOut,
  conditions: ['@celeriac/source'],
  banner: { js: `${requireForPackages} ${ownFilesBanner}` },
  // the name of an error's class is what Python knows the exception by
  keepNames: true,
  minify: false,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none', // licenses.txt has them all
  metafile: true,
  logLevel: 'silent',
  plugins: [installedPackages],
} satisfies BuildOptions;

/** Names the sources in a map as they are called in the workspace, so that it does not matter where that lay. */
function nameSourcesFromRoot(mapFile: string, root: string): void {
  const map = JSON.parse(readFileSync(mapFile, 'utf8')) as { sources: string[] };
  map.sources = map.sources.map((source) => relative(root, resolve(dirname(mapFile), source)));
  writeFileSync(mapFile, JSON.stringify(map));
}

function readManifest(folder: string): { readonly name: string; readonly version: string } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; version: string };
}
