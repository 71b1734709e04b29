import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StackError } from './stack-error.ts';
import { contentDigest, type VersionedContent } from './versioned-contents.ts';

/** The variables that give the stack files the digests of what they mount. */
export async function digestVariables(
  root: string,
  contents: readonly VersionedContent[],
): Promise<Readonly<Record<string, string>>> {
  const entries = contents.map(async (content) => {
    return [content.variable, contentDigest(await read(root, content))] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function read(root: string, { kind, file }: VersionedContent): Promise<Uint8Array> {
  try {
    return await readFile(join(root, file));
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isMissing) throw error;
    const remedy = remedyFor(kind, file);
    throw new StackError(`${file} is not there; this makes it: ${remedy}`, { cause: error });
  }
}

function remedyFor(kind: VersionedContent['kind'], file: string): string {
  if (kind === 'config') return `git checkout ${file}`;
  return `npm run stack -- ${file.startsWith('secrets/certificates/') ? 'certificates' : 'secrets'}`;
}
