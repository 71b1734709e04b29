import { setTimeout as sleep } from 'node:timers/promises';
import { convergenceOf, type Before, type Convergence } from './convergence.ts';
import type { Docker } from './docker.ts';
import type { JsonValue } from './json-value.ts';
import { readTasks, readTaskTexts } from './service-tasks.ts';
import { StackError } from './stack-error.ts';
import { decodeService, type StackService } from './stack-services.ts';

const pollMs = 1000;

export interface AwaitOptions {
  readonly stack: string;
  readonly services: readonly string[];
  readonly before: Before;
  readonly timeoutMs: number;
  readonly isRollback?: boolean;
}

/** What is there now, to be told apart from what a change brings. */
export async function observeBefore(
  docker: Docker,
  stack: string,
  services: readonly StackService[],
): Promise<Before> {
  const names = services.map(({ name }) => name);
  const tasks = names.length === 0 ? [] : await readTasks(docker, stack, names);
  return {
    updates: new Map(services.map(({ name, update }) => [name, update?.startedAt ?? ''])),
    taskIds: new Set(tasks.map(({ id }) => id)),
  };
}

/**
 * Waits until services run as they were told, and says what changes meanwhile.
 *
 * @throws StackError when one has been rolled back or cannot get there, or the time is up
 */
export async function awaitConvergence(docker: Docker, options: AwaitOptions): Promise<void> {
  const { stack, services, timeoutMs } = options;
  if (services.length === 0) return;
  if (docker.isPrintOnly) {
    docker.say(`# then waits until they run as told: ${services.join(', ')}`);
    return;
  }
  const deadline = Date.now() + timeoutMs;
  const said = new Map<string, string>();
  // a manager that is lost while it is asked, or a task that ends, is a reason to ask again
  const unanswered = (error: unknown): ReadonlyMap<string, Convergence> => {
    if (!(error instanceof StackError)) throw error;
    return new Map(services.map((name) => [name, { state: 'waiting', reason: error.message }]));
  };
  for (;;) {
    const states = await convergences(docker, options).catch(unanswered);
    for (const [name, state] of states) {
      const line = state.state === 'converged' ? 'runs' : state.reason;
      if (said.get(name) !== line) docker.say(`${stack}_${name}: ${line}`);
      said.set(name, line);
    }
    const of = (wanted: Convergence['state']): readonly string[] =>
      [...states].filter(([, { state }]) => state === wanted).map(([name]) => `${stack}_${name}`);
    if (of('waiting').length === 0) {
      if (of('failed').length === 0) return;
      throw new StackError(`not as told: ${of('failed').join(', ')}`);
    }
    if (Date.now() > deadline) {
      throw new StackError(`not as told after ${timeoutMs / 1000} s: ${of('waiting').join(', ')}`);
    }
    await sleep(pollMs);
  }
}

async function convergences(
  docker: Docker,
  { stack, services, before, isRollback = false }: AwaitOptions,
): Promise<ReadonlyMap<string, Convergence>> {
  const inspected = await docker.watch({
    args: ['service', 'inspect', ...services.map((name) => `${stack}_${name}`)],
  });
  const tasks = await readTasks(docker, stack, services);
  const taskTexts = await readTaskTexts(
    docker,
    tasks.filter(({ isWanted, state }) => isWanted && state === 'Running').map(({ id }) => id),
  );
  return new Map(
    (JSON.parse(inspected) as readonly JsonValue[]).map((value) => {
      const service = decodeService(stack, value);
      const own = tasks.filter((task) => task.service === service.name);
      return [service.name, convergenceOf({ service, tasks: own, taskTexts, before, isRollback })];
    }),
  );
}
