import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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
  for (const { name, content, mode } of files) {
    const path = join(folder, name);
    await makeFolder(folder);
    await makeFolder(dirname(path));
    await writeFile(path, content, { flag: 'wx', mode });
    // the process's umask may have taken bits away
    await chmod(path, mode);
  }
  return files.map(({ name }) => name);
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
}

function randomSeeds(): SecretSeeds {
  const passwords = new Map<string, string>();
  return {
    password(user) {
      const password = passwords.get(user) ?? randomBytes(24).toString('base64url');
      passwords.set(user, password);
      return password;
    },
    salt: () => randomBytes(4),
    erlangCookie: randomBytes(32).toString('hex'),
  };
}
