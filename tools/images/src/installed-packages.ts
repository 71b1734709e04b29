import { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Plugin } from 'esbuild';

import { bindOwnFolder } from './own-files.ts';

/**
 * How the code of installed packages gets into a bundle: finding its own files, and with no more in the source map than
 * its file, whose every line is line 1. Node reads all of the map for the first error, and nine tenths of it would be
 * theirs.
 */
export const installedPackages: Plugin = {
  name: 'installed-packages',
  setup(build) {
    build.onLoad({ filter: /[/]node_modules[/].*[.][cm]?js$/ }, async ({ path }) => {
      const source = bindOwnFolder(path, await readFile(path, 'utf8'));
      return { contents: `${source}\n//# sourceMappingURL=${fileOnlyMap(path)}`, loader: 'js' };
    });
  },
};

function fileOnlyMap(path: string): string {
  const map = JSON.stringify({ version: 3, sources: [basename(path)], mappings: 'AAAA' });
  return `data:application/json;base64,${Buffer.from(map).toString('base64')}`;
}
