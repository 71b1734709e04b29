import type { CeleriacStack } from './celeriac-stack.ts';
import type { Host, Lab } from './lab.ts';

/** A container of a worker and what can be asked about it. */
export class WorkerContainer {
  readonly id: string;
  readonly #lab: Lab;
  readonly #host: Host;

  constructor(lab: Lab, host: Host, id: string) {
    this.id = id;
    this.#lab = lab;
    this.#host = host;
  }

  /** Whether the probe of the image, run in the container, says yes. */
  async probe(...args: readonly string[]): Promise<boolean> {
    const command = ['exec', this.id, '/usr/local/bin/node', '/app/health.js', ...args];
    return this.#lab.dockerOn(this.#host, ...command).then(
      () => true,
      () => false,
    );
  }

  async inspect(format: string): Promise<string> {
    return this.#lab.dockerOn(this.#host, 'inspect', '--format', format, this.id);
  }

  logs(): Promise<string> {
    return this.#lab.dockerOn(this.#host, 'logs', this.id);
  }
}

/** The containers of the worker addition on some hosts. @throws Error when there is none */
export async function workerContainers(
  lab: Lab,
  stack: CeleriacStack,
  on: readonly Host[],
): Promise<readonly WorkerContainer[]> {
  const found: WorkerContainer[] = [];
  for (const host of on) {
    for (const id of await stack.services.containers('addition', host)) {
      found.push(new WorkerContainer(lab, host, id));
    }
  }
  if (found.length === 0) throw new Error(`no container of addition runs on ${on.join(', ')}`);
  return found;
}
