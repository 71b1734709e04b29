import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { LocalStackError } from './local-stack-error.ts';

/**
 * The folder of the workspace (the one with nx.json) that `from` lies in.
 *
 * @throws LocalStackError when there is none above it
 */
export function findWorkspaceRoot(from: string = process.cwd()): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'nx.json'))) return folder;
    if (folder === dirname(folder)) {
      throw new LocalStackError(`${from} is not inside the workspace: no nx.json in it or above it`);
    }
  }
}
