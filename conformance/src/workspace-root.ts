import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folder of the workspace that the tests are started in. @throws Error when the current folder is outside of one */
export function workspaceRoot(): string {
  for (let folder = process.cwd(); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'nx.json'))) return folder;
  }
  throw new Error(`no nx.json in ${process.cwd()} or above it`);
}
