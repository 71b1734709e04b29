import { waitUntil } from '@celeriac/local-stack';

import { docker, tryDocker, type DockerCommand, type DockerResult } from './docker.ts';

/** Longest wait for an app to be live, or to end. */
const timeoutMs = 60_000;

/** A container of an image, run as a stack runs it, but with no network. */
export interface Container {
  /** Runs node in it, with these arguments. */
  exec(nodeArguments: readonly string[]): Promise<DockerResult>;
  /** Waits until it is live. Rejects when that takes longer than a minute. */
  untilLive(): Promise<void>;
  kill(signal: 'TERM'): Promise<unknown>;
  /** Waits for its end. Rejects when that takes longer than a minute. */
  exitCode(): Promise<number>;
  /** What it has said last. */
  lastLine(): Promise<string>;
}

/** Starts a container, and removes it when `use` is done, whatever came of it. */
export async function withContainer<T>(
  command: DockerCommand,
  image: string,
  use: (container: Container) => Promise<T>,
): Promise<T> {
  const isolated = ['--network', 'none', '--read-only', '--cap-drop', 'ALL'];
  const id = await docker(command, ['run', '--detach', ...isolated, image]);
  try {
    return await use(containerOf(command, id, image));
  } finally {
    await docker(command, ['rm', '--force', '--volumes', id]);
  }
}

function containerOf(command: DockerCommand, id: string, image: string): Container {
  const state = (field: string): Promise<string> =>
    docker(command, ['container', 'inspect', '--format', `{{.State.${field}}}`, id]);
  const exec = (nodeArguments: readonly string[]): Promise<DockerResult> =>
    tryDocker(command, ['exec', id, '/usr/local/bin/node', ...nodeArguments]);
  const lastLine = async (): Promise<string> => {
    const { stdout, stderr } = await tryDocker(command, ['logs', '--tail', '1', id]);
    return stderr === '' ? stdout : stderr;
  };
  return {
    exec,
    lastLine,
    async untilLive() {
      await waitUntil(
        async () => {
          if ((await state('Running')) !== 'true') throw new Error(`it has ended: ${await lastLine()}`);
          return (await exec(['/app/health.js', 'live'])).code === 0;
        },
        { what: `${image} is live`, timeoutMs },
      );
    },
    kill: (signal) => docker(command, ['kill', '--signal', signal, id]),
    async exitCode() {
      await waitUntil(async () => (await state('Running')) === 'false', { what: `${image} ends`, timeoutMs });
      return Number(await state('ExitCode'));
    },
  };
}
