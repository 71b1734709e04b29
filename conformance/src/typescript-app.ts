import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { brokerUrl } from './environment.ts';
import { freePort } from './free-port.ts';
import { ManagedProcess, stopAll } from './managed-process.ts';
import { operations, type Operation } from './operations.ts';
import { waitUntil } from './wait-until.ts';
import { workspaceRoot } from './workspace-root.ts';

/** The producer, and where it listens. */
export interface RunningProducer {
  readonly process: ManagedProcess;
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
}

/** Starts our workers as they are deployed, one process each, and waits until they consume. On failure none is left. */
export async function startTypescriptWorkers(
  names: readonly Operation[] = operations,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly ManagedProcess[]> {
  const started = await Promise.all(
    names.map((name) => start(name, join('apps', name, 'dist', 'main.js'), env)),
  );
  return ready(started);
}

/** Starts one of this folder's own programs, which serves the health probe as the apps do. */
export async function startOwnWorker(name: string): Promise<ManagedProcess> {
  const started = await start(name, join('conformance', 'dist', `${name}.js`), {});
  await ready([started]);
  return started.process;
}

/** Starts our producer and waits until it can publish. */
export async function startTypescriptProducer(): Promise<RunningProducer> {
  const port = await freePort();
  const entry = join('apps', 'producer', 'dist', 'main.js');
  const started = await start('producer', entry, { PORT: String(port), HOST: '127.0.0.1' });
  await ready([started]);
  return { process: started.process, url: `http://127.0.0.1:${port}` };
}

interface Started {
  readonly process: ManagedProcess;
  readonly readyUrl: string;
}

async function start(name: string, entry: string, env: Readonly<Record<string, string>>): Promise<Started> {
  const root = workspaceRoot();
  if (!existsSync(join(root, entry))) throw new Error(`${entry} is not there: build the workspace first`);
  const healthPort = await freePort();
  const process_ = new ManagedProcess({
    name: `TypeScript ${name}`,
    command: process.execPath,
    args: [entry],
    cwd: root,
    env: { CELERY_BROKER_URL: brokerUrl(), CELERIAC_HEALTH_PORT: String(healthPort), ...env },
  });
  return { process: process_, readyUrl: `http://127.0.0.1:${healthPort}/health/ready` };
}

async function ready(started: readonly Started[]): Promise<readonly ManagedProcess[]> {
  const processes = started.map(({ process }) => process);
  try {
    await Promise.all(started.map(untilReady));
    return processes;
  } catch (error) {
    await stopAll(processes);
    throw error;
  }
}

async function untilReady({ process, readyUrl }: Started): Promise<void> {
  const isReady = async (): Promise<boolean> => {
    if (!process.isRunning) throw new Error(`${process.name} ended:\n${process.outputTail}`);
    const response = await fetch(readyUrl).catch(() => undefined); // not listening yet
    await response?.body?.cancel();
    return response?.status === 200;
  };
  await waitUntil(isReady, { what: `${process.name} is ready` });
}
