import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { signalGroup } from './process-group.ts';

export interface NxRunOptions {
  readonly root: string;
  readonly target: string;
  /** Names of projects; default all that have the target. */
  readonly projects?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Aborts the run: SIGTERM to Nx and all that it started. */
  readonly signal: AbortSignal;
  /** Shown as it comes, instead of kept. */
  readonly isVerbose: boolean;
}

/**
 * Runs a target in all projects, without a daemon, and ends with all that it started.
 *
 * @returns the exit code, and the output unless it was shown
 */
export async function runNxTarget(options: NxRunOptions): Promise<{ code: number | null; output: string }> {
  const { root, target, projects, env, signal, isVerbose } = options;
  const nx = join(root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
  const chosen = projects === undefined ? [] : ['--projects', projects];
  const child = spawn(process.execPath, [nx, 'run-many', '--target', target, ...chosen], {
    cwd: root,
    env: {
      ...env,
      NX_DAEMON: 'false',
      NX_TUI: 'false',
      NX_ISOLATE_PLUGINS: 'false',
      // a pseudo-terminal would put each task into a session of its own, out of reach of our signal
      NX_NATIVE_COMMAND_RUNNER: 'false',
    },
    stdio: ['ignore', isVerbose ? process.stderr : 'pipe', isVerbose ? process.stderr : 'pipe'],
    detached: true,
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const stop = (): void => {
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGTERM');
  };
  signal.addEventListener('abort', stop);
  try {
    await once(child, 'close');
  } finally {
    signal.removeEventListener('abort', stop);
  }
  // under CI Nx and jest colour what they print even into a pipe
  return { code: child.exitCode, output: stripVTControlCharacters(output) };
}
