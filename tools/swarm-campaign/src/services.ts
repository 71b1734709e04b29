import { waitUntil } from '@celeriac/local-stack';
import type { Host, Lab } from './lab.ts';

export const workers = ['addition', 'subtraction', 'multiplication', 'division'] as const;

/** A task of a service that Swarm wants to run. */
export interface ServiceTask {
  readonly id: string;
  readonly host: string;
  /** `Running 5 seconds ago`, `Starting …`; a task with a health check runs once it is healthy. */
  readonly state: string;
  readonly image: string;
}

/** The services of one stack as Swarm sees them. */
export class Services {
  readonly #lab: Lab;
  readonly #stack: string;

  constructor(lab: Lab, stack: string) {
    this.#lab = lab;
    this.#stack = stack;
  }

  nameOf(service: string): string {
    return `${this.#stack}_${service}`;
  }

  async tasks(service: string): Promise<readonly ServiceTask[]> {
    const format = '{{.ID}}|{{.Node}}|{{.CurrentState}}|{{.Image}}';
    const filter = ['--filter', 'desired-state=running', '--no-trunc'];
    const text = await this.#lab.docker('service', 'ps', ...filter, '--format', format, this.nameOf(service));
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [id = '', host = '', state = '', image = ''] = line.split('|');
        return { id, host, state, image };
      });
  }

  /** Waits until a service has exactly this many tasks, all of them running and healthy, and none on the hosts to avoid. */
  running(service: string, count: number, avoid: readonly Host[] = [], timeoutMs = 180_000): Promise<void> {
    return waitUntil(
      async () => {
        const tasks = await this.tasks(service);
        const good = tasks.filter(
          ({ state, host }) => state.startsWith('Running') && !avoid.includes(host as Host),
        );
        return tasks.length === count && good.length === count;
      },
      { what: `${service} has ${count} running tasks`, timeoutMs, intervalMs: 300 },
    );
  }

  /** Waits until every service has its number of running tasks, away from some hosts. */
  async allRunning(counts: Readonly<Record<string, number>>, avoid: readonly Host[] = []): Promise<void> {
    for (const [service, count] of Object.entries(counts)) await this.running(service, count, avoid);
  }

  /** How the last update went: `updating`, `completed`, `rollback_completed`, …; empty when there was none. */
  updateState(service: string): Promise<string> {
    const format = '{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}';
    return this.#lab.docker('service', 'inspect', '--format', format, this.nameOf(service));
  }

  /** Ids of the containers of a service on a host. */
  async containers(service: string, host: Host): Promise<readonly string[]> {
    const filter = `label=com.docker.swarm.service.name=${this.nameOf(service)}`;
    const text = await this.#lab.dockerOn(host, 'ps', '--quiet', '--no-trunc', '--filter', filter);
    return text.split('\n').filter((id) => id !== '');
  }
}
