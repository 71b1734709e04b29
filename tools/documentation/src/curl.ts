import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * What the README needs of curl (-s, -H, -d and an address), for machines without it: a fresh Debian has none, and the
 * examples shall be run there too.
 */
const standIn = `#!/usr/bin/env node
const { parseArgs } = require('node:util');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    silent: { type: 'boolean', short: 's' },
    header: { type: 'string', short: 'H', multiple: true, default: [] },
    data: { type: 'string', short: 'd' },
  },
});
const headers = values.header.map((line) => line.split(/: */, 2));
const method = values.data === undefined ? 'GET' : 'POST';
fetch(positionals[0], { method, headers, body: values.data })
  .then((response) => response.text())
  .then((text) => process.stdout.write(text));
`;

/** Puts a stand-in for curl into a folder, for the front of a search path. */
export async function writeCurl(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'curl'), standIn);
  await chmod(join(folder, 'curl'), 0o755);
}
