import type { Docker } from './docker.ts';
import { at, textAt, type JsonValue } from './json-value.ts';
import { taskText } from './stack-services.ts';

/** A task of a service, as `docker service ps` tells of it. */
export interface ServiceTask {
  readonly id: string;
  /** Service it belongs to, without the stack's name. */
  readonly service: string;
  readonly node: string;
  /** True unless it has been replaced, or is to end. */
  readonly isWanted: boolean;
  /** First word of its state: `Running`, `Starting`, `Rejected`, … */
  readonly state: string;
  readonly error: string;
}

/** All tasks of some services, and the few latest that they have replaced. */
export async function readTasks(
  docker: Docker,
  stack: string,
  services: readonly string[],
): Promise<readonly ServiceTask[]> {
  const lines = await docker.watch({
    args: [
      'service',
      'ps',
      '--no-trunc',
      '--format',
      '{{json .}}',
      ...services.map((name) => `${stack}_${name}`),
    ],
  });
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => decodeTask(stack, JSON.parse(line) as JsonValue));
}

export function decodeTask(stack: string, task: JsonValue): ServiceTask {
  // <stack>_<service>.<slot>; one that was replaced hangs below the newer one: ` \_ celeriac_addition.1`
  const name = textAt(task, 'Name').replace(/^[\s\\_]+/, '');
  return {
    id: textAt(task, 'ID'),
    service: name.slice(stack.length + 1, name.lastIndexOf('.')),
    node: textAt(task, 'Node'),
    isWanted: textAt(task, 'DesiredState') === 'Running',
    state: textAt(task, 'CurrentState').split(' ')[0] ?? '',
    error: textAt(task, 'Error'),
  };
}

/** What each task was made from, to compare with `ServiceSpec.task`. */
export async function readTaskTexts(
  docker: Docker,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const inspected = await docker.watch({ args: ['inspect', '--type', 'task', ...ids] });
  return new Map(
    (JSON.parse(inspected) as readonly JsonValue[]).map((task) => [
      textAt(task, 'ID'),
      taskText(at(task, 'Spec')),
    ]),
  );
}
