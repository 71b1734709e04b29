import { cpSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';

import { packageOf } from './package-of.ts';

/**
 * The packages that look for files beside their own code (`__dirname`), and the files that they shall find in the
 * image, by their names in the package. They lie in `node_modules/<package>` beside the bundle.
 */
const ownFiles: Readonly<Record<string, readonly string[]>> = {
  '@fastify/swagger-ui': ['static'],
  // its package.json, for the title of a document that has none; ours has one
  '@fastify/swagger': [],
  // programs of worker threads, for pino's transports; we write to a file descriptor
  pino: [],
  'thread-stream': [],
  // what a thread begins with; its package.json makes it CommonJS
  piscina: ['package.json', 'dist'],
};

/** The folder of the bundle, for the packages inside: they are no ES modules and may not say `import.meta`. */
const folderVariable = '__bundleFolder';

/** What the bundle has to begin with. */
export const ownFilesBanner = `const ${folderVariable} = import.meta.dirname;`;

/**
 * The source of a package's module with a `__dirname` where it asks for one, which an ES module has not.
 *
 * @throws Error when the package is not in `ownFiles`: what it reads would be missing in the image, and that would show
 *   when it is called for, in production
 */
export function bindOwnFolder(path: string, source: string): string {
  if (!/\b__(?:dir|file)name\b/.test(source)) return source;
  const { name, folder } = packageOf(path);
  if (!(name in ownFiles)) {
    throw new Error(
      `${name} uses __dirname: say in own-files.ts which files of its own it reads at run time`,
    );
  }
  const within = posix.join('node_modules', name, relative(folder, dirname(path)));
  return `const __dirname = ${folderVariable} + '/${within}';${source}`;
}

/** Copies the files of the packages that are in a bundle to where it looks for them. */
export function copyOwnFiles(
  packages: readonly { readonly name: string; readonly folder: string }[],
  root: string,
  outDir: string,
): void {
  for (const { name, folder } of packages) {
    for (const file of ownFiles[name] ?? []) {
      cpSync(join(root, folder, file), join(outDir, 'node_modules', name, file), { recursive: true });
    }
  }
}
