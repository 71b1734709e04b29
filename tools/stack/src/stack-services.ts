import type { Docker } from './docker.ts';
import { at, listAt, numberAt, textAt, type JsonValue } from './json-value.ts';

/** A secret or config as a service mounts it. */
export interface MountedContent {
  readonly kind: 'secret' | 'config';
  readonly swarmName: string;
  readonly target: string;
}

/** What a service is told to be. */
export interface ServiceSpec {
  readonly image: string;
  /** Undefined for a global service. */
  readonly replicas: number | undefined;
  readonly contents: readonly MountedContent[];
  /** What a task of it is made from, as text; two are the same when Swarm has no reason to replace the task. */
  readonly task: string;
}

export interface ServiceUpdate {
  /** Swarm's word: `updating`, `completed`, `paused`, `rollback_started`, `rollback_paused`, `rollback_completed`. */
  readonly state: string;
  readonly message: string;
  readonly startedAt: string;
}

/** A service of the stack. */
export interface StackService {
  /** Without the stack's name. */
  readonly name: string;
  readonly spec: ServiceSpec;
  /** What `docker service rollback` would return to. */
  readonly previous: ServiceSpec | undefined;
  /** The latest change that had tasks to replace. */
  readonly update: ServiceUpdate | undefined;
}

export const stackLabel = 'com.docker.stack.namespace';

export async function readServices(docker: Docker, stack: string): Promise<readonly StackService[]> {
  const ids = await docker.ask({
    args: ['service', 'ls', '--quiet', '--filter', `label=${stackLabel}=${stack}`],
  });
  const names = ids.split('\n').filter((id) => id !== '');
  if (names.length === 0) return [];
  const inspected = await docker.ask({ args: ['service', 'inspect', ...names] });
  return (JSON.parse(inspected) as readonly JsonValue[]).map((service) => decodeService(stack, service));
}

export function decodeService(stack: string, service: JsonValue): StackService {
  const previous = at(service, 'PreviousSpec');
  const update = at(service, 'UpdateStatus');
  return {
    name: textAt(service, 'Spec', 'Name').slice(stack.length + 1),
    spec: decodeSpec(at(service, 'Spec')),
    previous: previous === undefined ? undefined : decodeSpec(previous),
    update:
      update === undefined
        ? undefined
        : {
            state: textAt(update, 'State'),
            message: textAt(update, 'Message'),
            startedAt: textAt(update, 'StartedAt'),
          },
  };
}

function decodeSpec(spec: JsonValue): ServiceSpec {
  const container = at(spec, 'TaskTemplate', 'ContainerSpec');
  return {
    image: textAt(container, 'Image'),
    replicas: numberAt(spec, 'Mode', 'Replicated', 'Replicas'),
    contents: [
      ...listAt(container, 'Configs').map((entry) => mounted('config', 'ConfigName', entry)),
      ...listAt(container, 'Secrets').map((entry) => mounted('secret', 'SecretName', entry)),
    ],
    task: taskText(at(spec, 'TaskTemplate')),
  };
}

/** The parts of a task's specification that its container follows from, as text. */
export function taskText(specification: JsonValue): string {
  const parts = ['ContainerSpec', 'Resources', 'ForceUpdate'].map((part) => at(specification, part));
  // a task leaves out what a service has as an empty object
  return JSON.stringify(parts, (_, value: JsonValue) => (isEmpty(value) ? undefined : value));
}

function isEmpty(value: JsonValue): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function mounted(kind: MountedContent['kind'], nameKey: string, entry: JsonValue): MountedContent {
  return { kind, swarmName: textAt(entry, nameKey), target: textAt(entry, 'File', 'Name') };
}
