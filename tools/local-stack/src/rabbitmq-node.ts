import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { acceptsConnections } from './amqp-handshake.ts';
import { loopbackBrokerUrl } from './broker-url.ts';
import { isPortFree } from './free-port.ts';
import { LocalStackError } from './local-stack-error.ts';
import { describeEnd, isRunning } from './child-state.ts';
import { livingProcesses, signalGroup } from './process-group.ts';
import type { ProcessGuard } from './process-guard.ts';
import type { RabbitmqInstallation } from './rabbitmq-installation.ts';
import { lastLines } from './run-command.ts';
import { waitUntil } from './wait-until.ts';

/** Where a private node lives: all of it on the loopback, and all its files in one folder. */
export interface RabbitmqPlace {
  readonly folder: string;
  readonly amqpPort: number;
  readonly distributionPort: number;
  readonly epmdPort: number;
}

const START_TIMEOUT_MS = 120_000;

/**
 * Writes the node's settings: nothing of the machine's own RabbitMQ, no plugins, only the loopback, and then the lines that
 * are given.
 */
export async function writeSettings(place: RabbitmqPlace, configuration: string): Promise<void> {
  const { folder, amqpPort } = place;
  const listener = `listeners.tcp.1 = 127.0.0.1:${String(amqpPort)}\n`;
  await writeFile(join(folder, 'rabbitmq.conf'), `${listener}${configuration}`);
  await writeFile(join(folder, 'enabled_plugins'), '[].\n');
}

/** The environment of the node and of its name daemon. */
function nodeEnvironment(place: RabbitmqPlace): NodeJS.ProcessEnv {
  const { folder, distributionPort, epmdPort } = place;
  const inherited = Object.entries(process.env).filter(([name]) => !/^(RABBITMQ|ERL)_/.test(name));
  return {
    ...Object.fromEntries(inherited),
    HOME: folder, // the Erlang cookie
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(epmdPort),
    RABBITMQ_NODENAME: `celeriac-${String(distributionPort)}@localhost`,
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_CONFIG_FILES: join(folder, 'conf.d', '*.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'node.pid'),
  };
}

/**
 * Starts the name daemon in the foreground, so that it belongs to us. Left to itself the node would start one that detaches,
 * serves the whole machine and outlives it.
 */
export async function startNameDaemon(
  installation: RabbitmqInstallation,
  place: RabbitmqPlace,
  guard: ProcessGuard,
  signal: AbortSignal | undefined,
): Promise<void> {
  const epmd = await startInGroup(installation.epmd, [], place, guard);
  const isUp = async (): Promise<boolean> => {
    requireRunning(epmd, 'epmd', '');
    return !(await isPortFree(place.epmdPort));
  };
  await waitUntil(isUp, { what: 'epmd listens', timeoutMs: 10_000, intervalMs: 20, signal });
}

/** One run of the node, from start to end. */
export class RabbitmqNode {
  readonly #process: ChildProcess;
  readonly #processGroup: number;
  readonly #guard: ProcessGuard;
  #isAskedToEnd = false;

  private constructor(process: ChildProcess, processGroup: number, guard: ProcessGuard) {
    this.#process = process;
    this.#processGroup = processGroup;
    this.#guard = guard;
  }

  /**
   * Starts a node and waits until it accepts connections (about six seconds on two cores).
   *
   * @throws LocalStackError with the end of the node's output when it ends instead or takes more than two minutes
   */
  static async start(
    installation: RabbitmqInstallation,
    place: RabbitmqPlace,
    guard: ProcessGuard,
    signal: AbortSignal | undefined,
  ): Promise<RabbitmqNode> {
    const child = await startInGroup(installation.server, [], place, guard);
    const node = new RabbitmqNode(child, processGroupOf(child), guard);
    const url = loopbackBrokerUrl(place.amqpPort);
    const isUp = async (): Promise<boolean> => {
      requireRunning(child, 'the private RabbitMQ node', await readOutput(place.folder));
      return !(await isPortFree(place.amqpPort)) && acceptsConnections(url, 5_000);
    };
    await waitUntil(isUp, {
      what: 'the private RabbitMQ node accepts connections',
      timeoutMs: START_TIMEOUT_MS,
      signal,
    });
    return node;
  }

  /** Resolves when it ends though `end` was not called, with how; else never. */
  async lost(): Promise<string> {
    if (isRunning(this.#process)) await once(this.#process, 'exit');
    if (this.#isAskedToEnd) return new Promise(() => undefined);
    return describeEnd(this.#process);
  }

  /** Ends all its processes with `signal` and waits until they are gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#isAskedToEnd = true;
    this.#process.ref(); // else a program with nothing else to do would end here
    signalGroup(this.#processGroup, signal);
    if (isRunning(this.#process)) await once(this.#process, 'exit');
    await waitUntil(async () => (await livingProcesses(this.#processGroup)).length === 0, {
      what: `the private RabbitMQ node ended after ${signal}`,
      timeoutMs: 30_000,
      intervalMs: 20,
    });
    this.#guard.drop(this.#processGroup);
  }
}

/** Runs a program in a process group of its own, its output in the folder, and tells the guard. */
async function startInGroup(
  program: string,
  args: readonly string[],
  place: RabbitmqPlace,
  guard: ProcessGuard,
): Promise<ChildProcess> {
  const output = await open(join(place.folder, 'output'), 'a');
  try {
    const child = spawn(program, args, {
      cwd: place.folder,
      env: nodeEnvironment(place),
      stdio: ['ignore', output.fd, output.fd],
      detached: true,
    });
    await once(child, 'spawn');
    child.unref();
    guard.add(processGroupOf(child));
    return child;
  } finally {
    await output.close();
  }
}

function processGroupOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new LocalStackError('a process that did not start has no group');
  return child.pid;
}

function requireRunning(child: ChildProcess, name: string, output: string): void {
  if (isRunning(child)) return;
  throw new LocalStackError(
    `${name} ended with ${describeEnd(child)} while starting:\n${lastLines(output, 12)}`,
  );
}

async function readOutput(folder: string): Promise<string> {
  return readFile(join(folder, 'output'), 'utf8').catch(() => '');
}
