import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '@celeriac/local-stack';
import type { CeleriacStack } from '../celeriac-stack.ts';
import { hosts, type Host } from '../lab.ts';
import type { Scenario } from '../scenario.ts';
import { workers } from '../services.ts';
import { workerContainers } from '../worker-container.ts';

const partitionMs = 30_000;

/** `CELERY_BROKER_HEARTBEAT` of the stack. */
const heartbeatMs = 10_000;

/** The switch drops every frame of a host: its tasks run on, cut off, beside those that Swarm starts elsewhere. */
export const partition: Scenario = {
  key: 'partition',
  name: 'partition a host for 30 s, and heal it',
  kind: 'fault',
  async run({ lab, stack }) {
    const host = await hostOfWorker(stack);
    const [worker] = await workerContainers(lab, stack, [host]);
    const partitioned = delay(partitionMs); // its length is the scenario
    await lab.command('partition', host);
    await waitUntil(async () => (await worker?.probe('ready')) === false, {
      what: 'a worker that is cut off is unready, within two heartbeats',
      timeoutMs: 2 * heartbeatMs,
      intervalMs: 500,
    });
    await partitioned;
    await lab.command('heal', host);
    await lab.hostIs(host, 'Ready');
    await stack.services.allRunning(stack.defaultCounts);
    // those that were replaced meanwhile end once their host hears of it
    await waitUntil(
      async () => {
        const wanted = new Set(
          (await Promise.all(workers.map((service) => stack.services.tasks(service))))
            .flat()
            .map(({ id }) => id),
        );
        const format = '{{index .Config.Labels "com.docker.swarm.task.id"}}';
        const ids = (
          await Promise.all(workers.map((service) => stack.services.containers(service, host)))
        ).flat();
        if (ids.length === 0) return true;
        const tasks = await lab.dockerOn(host, 'inspect', '--format', format, ...ids);
        return tasks.split('\n').every((task) => wanted.has(task));
      },
      { what: `the stale tasks of ${host} have ended`, timeoutMs: 120_000, intervalMs: 500 },
    );
  },
};

/** A host that runs a worker and not the broker. */
async function hostOfWorker(stack: CeleriacStack): Promise<Host> {
  const tasks = await stack.services.tasks('addition');
  const host = hosts.slice(1).find((candidate) => tasks.some((task) => task.host === candidate));
  if (host === undefined) throw new Error(`addition runs on ${hosts[0]} alone`);
  return host;
}
