import { spawn } from 'node:child_process';

/** How a command ended. */
export interface CommandResult {
  /** Exit code; null when it could not be started, was killed or ran out of time. */
  readonly code: number | null;
  /** Standard output and error together, the last 64 KiB. */
  readonly output: string;
}

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Killed after this long, in ms. Default ten minutes; 0 is never. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

const KEPT_CHARACTERS = 64 * 1024;

/** Runs a program without a shell and without input. Never rejects: a program that is not there has code null. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { env, timeoutMs = 600_000, signal } = options;
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      ...(env && { env }),
      ...(signal && { signal }),
    });
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-KEPT_CHARACTERS);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => {
      resolve({ code: null, output: output + error.message });
    });
    child.once('close', (code) => {
      resolve({ code, output });
    });
  });
}

/** The last lines of a command's output, for an error message. */
export function lastLines(output: string, count = 5): string {
  return output.trim().split('\n').slice(-count).join('\n');
}
