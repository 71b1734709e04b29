import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const folder = join(__dirname, '..', '..', '..', 'programs');

export interface EndedProgram {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Path of one of the campaign's programs. */
export function programPath(name: string): string {
  return join(folder, name);
}

/** A Node process with this one's environment and `env`; `ended` resolves with all it wrote, and never rejects. */
export function startNode(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): { readonly child: ChildProcess; readonly ended: Promise<EndedProgram> } {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const ended = Promise.all([closed, text(child.stdout), text(child.stderr)]).then(
    ([[code], output, errors]) => ({ code, output, errors }),
  );
  return { child, ended };
}
