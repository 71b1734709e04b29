import { execFile } from 'node:child_process';

/** A docker command ended with another code than 0, or there is none. */
export class DockerError extends Error {
  override readonly name = 'DockerError';
}

/** How docker is called: `['docker']`, or what stands before its arguments, such as a context. */
export type DockerCommand = readonly [string, ...string[]];

/** How a docker command ended, without the last line break of what it printed. */
export interface DockerResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Longest time for a command that builds nothing. */
const timeoutMs = 120_000;

/**
 * Runs docker, whatever its exit code.
 *
 * @throws DockerError when there is no docker command, or it has not ended within two minutes
 */
export function tryDocker(
  [command, ...first]: DockerCommand,
  args: readonly string[],
): Promise<DockerResult> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      [...first, ...args],
      { timeout: timeoutMs, encoding: 'utf8' },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        if (typeof code === 'number') resolve({ code, stdout: stdout.trimEnd(), stderr: stderr.trimEnd() });
        else reject(new DockerError(whyNot(command, args, error), { cause: error }));
      },
    );
  });
}

/**
 * Runs docker and gives what it printed.
 *
 * @throws DockerError when it fails, with docker's own last line
 */
export async function docker(command: DockerCommand, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await tryDocker(command, args);
  if (code === 0) return stdout;
  throw new DockerError(`docker ${args.slice(0, 2).join(' ')} failed: ${lastLine(stderr)}`);
}

/** @throws DockerError in one line when there is no docker command, or no engine answers it */
export async function needEngine(command: DockerCommand): Promise<void> {
  const { code, stderr } = await tryDocker(command, ['version', '--format', '{{.Server.Version}}']);
  if (code !== 0) throw new DockerError(`no Docker engine answers: ${lastLine(stderr)}`);
}

function whyNot(command: string, args: readonly string[], error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT'
    ? `there is no ${command} command on the PATH; install Docker Engine 23 or newer`
    : `docker ${args.slice(0, 2).join(' ')} has not ended within ${timeoutMs / 1000} s`;
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
