import { lastLines, runCommand, waitUntil } from '@celeriac/local-stack';
import { delimiter, join } from 'node:path';
import process from 'node:process';

/** What `swarm-lab` ends with where no Docker engine can be started. */
const noEngine = 3;

/** The hosts of the campaign; the first is the manager. */
export const hosts = ['n1', 'n2', 'n3'] as const;
export type Host = (typeof hosts)[number];

/** Thrown when a command of the lab, of Docker or of the stack fails. */
export class CommandFailedError extends Error {
  override readonly name = 'CommandFailedError';
}

/** The Swarm lab of tools/swarm-lab, through its command line. */
export class Lab {
  readonly root: string;
  /** The lab's own command line. */
  readonly script: string;
  /** Environment in which `docker` is the lab's, on its manager. */
  readonly env: NodeJS.ProcessEnv;

  constructor(root: string) {
    this.root = root;
    const folder = join(root, 'tools', 'swarm-lab');
    this.script = join(folder, 'swarm-lab');
    this.env = {
      ...process.env,
      PATH: [join(folder, 'bin'), process.env['PATH']].join(delimiter),
      SWARM_LAB_NODE: hosts[0],
    };
  }

  /** Why no swarm can run on this machine; undefined when one can. */
  async missing(): Promise<string | undefined> {
    const { code, output } = await runCommand(this.script, ['check']);
    if (code === 0) return undefined;
    if (code === noEngine) return lastLines(output, 1).replace(/^swarm-lab: /, '');
    throw new CommandFailedError(`swarm-lab check: ${lastLines(output)}`);
  }

  /** A command of the lab, such as `kill n3`. @throws CommandFailedError with the last lines it wrote */
  command(...args: readonly string[]): Promise<string> {
    return this.run(this.script, args);
  }

  /** A docker command on the manager, or on another host. @throws CommandFailedError */
  docker(...args: readonly string[]): Promise<string> {
    return this.run('docker', args);
  }

  dockerOn(host: Host | 'builder', ...args: readonly string[]): Promise<string> {
    return this.run('docker', args, { SWARM_LAB_NODE: host });
  }

  /** Any program in the lab's environment. @throws CommandFailedError */
  async run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const { code, output } = await runCommand(program, args, { env: { ...this.env, ...env } });
    if (code === 0) return output.trim();
    const command = [program.replace(`${this.root}/`, ''), ...args].join(' ');
    throw new CommandFailedError(`${command} ended with ${String(code)}: ${lastLines(output, 8)}`);
  }

  /** Where a port that is published in host mode can be reached. */
  address(host: Host): Promise<string> {
    return this.command('addr', host);
  }

  /** A folder of this machine that every host sees as /shared. */
  sharedFolder(): Promise<string> {
    return this.command('share');
  }

  /** Waits until the manager sees a host in a state. */
  hostIs(host: Host, state: 'Ready' | 'Down'): Promise<void> {
    return waitUntil(
      async () => {
        const list = await this.docker('node', 'ls', '--format', '{{.Hostname}} {{.Status}}');
        return list.split('\n').includes(`${host} ${state}`);
      },
      { what: `${host} is ${state}`, timeoutMs: 90_000, intervalMs: 300 },
    );
  }
}
