import { waitUntil } from '@celeriac/local-stack';
import type { CeleriacStack } from '../celeriac-stack.ts';
import { hosts, type Lab } from '../lab.ts';
import { workerContainers, type WorkerContainer } from '../worker-container.ts';

/**
 * Gives the broker another password than the workers have, and later theirs again.
 *
 * @returns ms from the right password until every worker of the queue was ready again
 * @throws Error when a worker is restarted, is not unready, does not say what is wrong, or does not come back
 */
export async function surviveWrongPassword(lab: Lab, stack: CeleriacStack): Promise<number> {
  const rabbitmq = await brokerContainer(lab, stack);
  const control = (...args: readonly string[]): Promise<string> =>
    lab.dockerOn(hosts[0], 'exec', rabbitmq, 'rabbitmqctl', '--quiet', ...args);
  const workers = await workerContainers(lab, stack, hosts);
  const since = Date.now();
  await control('change_password', 'addition', 'not-the-one-the-workers-have');
  await control('close_all_user_connections', 'addition', 'the password has changed');
  for (const worker of workers) {
    await waitUntil(async () => !(await worker.probe('ready')), {
      what: 'a worker is unready',
      timeoutMs: 30_000,
    });
    await waitUntil(async () => failedAttempts(await worker.logs(), since) >= 5, {
      what: 'a worker has tried to connect five times',
      timeoutMs: 60_000,
      intervalMs: 500,
    });
    // as many failed liveness probes as would have it restarted
    await waitUntil(async () => (await probesSince(worker, since)) >= 4, {
      what: 'Docker has probed a worker four times',
      timeoutMs: 120_000,
      intervalMs: 1000,
    });
    if ((await worker.inspect('{{.State.Status}} {{.State.Health.Status}}')) !== 'running healthy') {
      throw new Error('a worker with a wrong password does not count as alive');
    }
  }
  await control('import_definitions', '/etc/rabbitmq/definitions/20-users.json');
  const start = performance.now();
  for (const worker of workers) {
    await waitUntil(() => worker.probe('ready'), { what: 'a worker is ready again', timeoutMs: 30_000 });
  }
  const readyMs = performance.now() - start;
  const now = (await workerContainers(lab, stack, hosts)).map(({ id }) => id);
  if (
    now.sort().join() !==
    workers
      .map(({ id }) => id)
      .sort()
      .join()
  ) {
    throw new Error('a worker with a wrong password was replaced');
  }
  return readyMs;
}

async function brokerContainer(lab: Lab, stack: CeleriacStack): Promise<string> {
  const [id] = await stack.services.containers('rabbitmq', hosts[0]);
  if (id === undefined) throw new Error(`no broker runs on ${hosts[0]}`);
  return id;
}

/** Log lines since a moment that say that the broker refused the login. */
function failedAttempts(logs: string, since: number): number {
  return logs
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map(
      (line) =>
        JSON.parse(line) as {
          readonly time: number | string;
          readonly msg: string;
          readonly reason?: string;
        },
    )
    .filter(({ time, msg }) => new Date(time).getTime() >= since && msg === 'broker connection failed')
    .filter(({ reason = '' }) => reason.includes('ACCESS_REFUSED') || reason.includes('403')).length;
}

async function probesSince(worker: WorkerContainer, since: number): Promise<number> {
  const log = JSON.parse(await worker.inspect('{{json .State.Health.Log}}')) as readonly {
    readonly Start: string;
  }[];
  return log.filter(({ Start }) => new Date(Start).getTime() >= since).length;
}
