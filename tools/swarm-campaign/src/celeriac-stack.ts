import { hosts, type Lab } from './lab.ts';
import { Services, workers } from './services.ts';
import { join } from 'node:path';
import process from 'node:process';

/** The stack under test, handled by the commands that an operator has: `npm run stack -- …`. */
export class CeleriacStack {
  readonly name = 'celeriac';
  readonly services: Services;
  readonly #lab: Lab;
  readonly #isCluster: boolean;

  constructor(lab: Lab, isCluster = false) {
    this.#lab = lab;
    this.#isCluster = isCluster;
    this.services = new Services(lab, this.name);
  }

  /** Brokers of the stack, the first of which is always there. */
  get brokers(): readonly string[] {
    return this.#isCluster ? ['rabbitmq', 'rabbitmq2', 'rabbitmq3'] : ['rabbitmq'];
  }

  /** Every service with the number of tasks that the stack file gives it. */
  get defaultCounts(): Readonly<Record<string, number>> {
    const apps = [...workers, 'producer'].map((service) => [service, 2]);
    return Object.fromEntries([...this.brokers.map((broker) => [broker, 1]), ...apps]) as Record<
      string,
      number
    >;
  }

  /** Deploys the very stack files, and on top of them what this kernel and the records need. */
  deploy(tag: string): Promise<string> {
    const override = join(this.#lab.root, 'tools', 'swarm-campaign', 'stack.lab.yml');
    return this.#stack('deploy', ...(this.#isCluster ? ['--cluster'] : []), '--tag', tag, '--file', override);
  }

  scale(service: string, replicas: number): Promise<string> {
    return this.#stack('scale', `${service}=${replicas}`);
  }

  update(tag: string, ...services: readonly string[]): Promise<string> {
    return this.#stack('update', '--tag', tag, ...services);
  }

  rollback(...services: readonly string[]): Promise<string> {
    return this.#stack('rollback', ...services);
  }

  /** Removes the stack with its data; a volume of another host than the manager is removed there. */
  async remove(): Promise<void> {
    await this.#stack('remove', '--volumes');
    for (const [index, broker] of this.brokers.entries()) {
      const host = hosts[index];
      if (index > 0 && host !== undefined)
        await this.#lab.dockerOn(host, 'volume', 'rm', `${this.name}_${broker}`);
    }
  }

  #stack(action: string, ...args: readonly string[]): Promise<string> {
    const program = join(this.#lab.root, 'tools', 'run.mjs');
    return this.#lab.run(process.execPath, [program, 'stack', action, ...args]);
  }
}
