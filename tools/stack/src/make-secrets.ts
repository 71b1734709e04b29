import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { secretFiles, type SecretSeeds } from './secret-contents.ts';
import { StackError } from './stack-error.ts';

/**
 * Writes the files of a folder of secrets with new random passwords. What is there stays: all files, and it does nothing.
 *
 * @returns the names of the files that were written
 * @throws StackError when only some of the files are there, as new ones would not agree with them
 */
export async function makeSecrets(folder: string): Promise<readonly string[]> {
  const files = secretFiles(randomSeeds());
  const missing = files.filter(({ name }) => !existsSync(join(folder, name)));
  if (missing.length === 0) return [];
  if (missing.length < files.length) {
    throw new StackError(
      `${folder} has no ${missing.map(({ name }) => name).join(', ')}. The files are made together, from the same ` +
        'passwords: bring back what is missing, or move the folder away for new ones.',
    );
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  for (const { name, content, mode } of files) {
    const path = join(folder, name);
    await writeFile(path, content, { flag: 'wx', mode });
    // the process's umask may have taken bits away
    await chmod(path, mode);
  }
  return files.map(({ name }) => name);
}

function randomSeeds(): SecretSeeds {
  return {
    celeriacPassword: randomBytes(24).toString('base64url'),
    operatorPassword: randomBytes(24).toString('base64url'),
    erlangCookie: randomBytes(32).toString('hex'),
    salts: [randomBytes(4), randomBytes(4)],
  };
}
