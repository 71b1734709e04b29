import { waitUntil } from '@celeriac/local-stack';
import { once } from 'node:events';
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import type { CeleriacStack } from './celeriac-stack.ts';
import { hosts, type Lab } from './lab.ts';
import type { RecordsFolder } from './records-folder.ts';
import { Services } from './services.ts';

export interface LoadOptions {
  readonly lab: Lab;
  readonly stack: CeleriacStack;
  readonly folder: RecordsFolder;
  /** Calls per second of each of the two callers. */
  readonly rate: number;
}

const stackName = 'load';

/**
 * The steady load: a Python Celery client in a container on the stack's own network, and an HTTP client on this machine,
 * outside of the swarm, that knows the addresses of all hosts.
 */
export class Load {
  readonly #options: LoadOptions;
  readonly #services: Services;
  #http: ChildProcess | undefined;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#services = new Services(options.lab, stackName);
  }

  async start(): Promise<void> {
    const { lab, stack, folder, rate } = this.#options;
    const file = join(lab.root, 'tools', 'swarm-campaign', 'load-stack.yml');
    const secret = await callersSecret(lab, stack);
    const args = ['stack', 'deploy', '--detach=true', '--compose-file', file, stackName];
    await lab.run('docker', args, { BROKER_URL_SECRET: secret, LOAD_RATE: String(rate) });
    await this.#services.running('python-caller', 1);
    const targets = await Promise.all(hosts.map(async (host) => `http://${await lab.address(host)}:8000`));
    const program = join(folder.programs, 'http-caller.mjs');
    const options = ['--targets', targets.join(','), '--rate', String(rate)];
    this.#http = spawn(
      process.execPath,
      [program, ...options, '--records', folder.records, '--name', 'http'],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
  }

  /** Ends both callers; each waits for its open calls first. */
  async stop(): Promise<void> {
    const http = this.#http;
    this.#http = undefined;
    if (http?.exitCode === null) {
      const ended = once(http, 'exit');
      http.kill('SIGTERM');
      await ended;
    }
    const { lab } = this.#options;
    const stacks = await lab.docker('stack', 'ls', '--format', '{{.Name}}');
    if (!stacks.split('\n').includes(stackName)) return;
    await lab.docker('service', 'scale', '--detach=true', `${stackName}_python-caller=0`);
    await this.#containersGone();
    await lab.docker('stack', 'rm', stackName);
  }

  /** @throws Error when a caller has ended by itself: no load, no proof */
  async assertRunning(): Promise<void> {
    if (this.#http?.exitCode !== null) throw new Error('the HTTP caller has ended by itself');
    await this.#services.running('python-caller', 1, [], 30_000);
  }

  #containersGone(): Promise<void> {
    return waitUntil(
      async () => {
        const containers = await this.#services.containers('python-caller', hosts[0]);
        return containers.length === 0;
      },
      { what: 'the Python caller has ended', timeoutMs: 90_000, intervalMs: 300 },
    );
  }
}

/** Name of the secret with the broker URL of the user for callers; it changes with its content. */
export async function callersSecret(lab: Lab, stack: CeleriacStack): Promise<string> {
  const list = await lab.docker('secret', 'ls', '--format', '{{.Name}}');
  const prefix = `${stack.name}_caller_broker_url_`;
  const name = list.split('\n').find((candidate) => candidate.startsWith(prefix));
  if (name === undefined) throw new Error(`the stack has no secret ${prefix}…`);
  return name;
}
