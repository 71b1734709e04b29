import type { ServiceTask } from './service-tasks.ts';
import type { StackService } from './stack-services.ts';

/** How far a service is on its way to what it was told to be. */
export type Convergence =
  | { readonly state: 'converged' }
  | { readonly state: 'waiting'; readonly reason: string }
  /** It does not get there without an operator. */
  | { readonly state: 'failed'; readonly reason: string };

/** What was there before the change that is waited for, and is not its doing. */
export interface Before {
  /** Start of the latest update of each service. */
  readonly updates: ReadonlyMap<string, string>;
  readonly taskIds: ReadonlySet<string>;
}

export interface Observation {
  readonly service: StackService;
  readonly tasks: readonly ServiceTask[];
  /** What each wanted task was made from. */
  readonly taskTexts: ReadonlyMap<string, string>;
  readonly before: Before;
  /** The change is a rollback that was asked for. */
  readonly isRollback: boolean;
}

/**
 * A service has converged when all its tasks run, healthy, are made from its present specification, and Swarm has stopped
 * watching the update.
 */
export function convergenceOf(observation: Observation): Convergence {
  return updateProblem(observation) ?? imageProblem(observation) ?? taskProgress(observation);
}

function updateProblem(observation: Observation): Convergence | undefined {
  const { service, before, isRollback } = observation;
  const { update } = service;
  if (update === undefined || update.startedAt === before.updates.get(service.name)) return undefined;
  switch (update.state) {
    case 'updating':
      return { state: 'waiting', reason: 'updating' };
    case 'rollback_started':
      return { state: 'waiting', reason: isRollback ? 'rolling back' : 'failed, rolling back' };
    case 'rollback_completed':
      return isRollback ? undefined : failed('Swarm has rolled it back, and it runs as before', observation);
    case 'paused':
    case 'rollback_paused':
      return failed(`Swarm has stopped its update (${update.message})`, observation);
    default:
      return undefined;
  }
}

/** An image that a node cannot get; an update is left to Swarm, which rolls it back. */
function imageProblem({ service, tasks, before }: Observation): Convergence | undefined {
  if (service.update?.state === 'updating') return undefined;
  const rejected = tasks.find(
    ({ id, state, error }) =>
      state === 'Rejected' && error.includes('No such image') && !before.taskIds.has(id),
  );
  if (rejected === undefined) return undefined;
  return {
    state: 'failed',
    reason:
      `${rejected.node} has no image ${service.spec.image} and cannot pull it: build it (npm run stack -- build) and ` +
      'push it to a registry that all nodes reach (CELERIAC_IMAGE_PREFIX), or give another --tag',
  };
}

function taskProgress(observation: Observation): Convergence {
  const { service, tasks, taskTexts } = observation;
  const wanted = tasks.filter(({ isWanted }) => isWanted);
  const running = wanted.filter(({ state }) => state === 'Running');
  const count = service.spec.replicas ?? wanted.length;
  if (running.length === count && wanted.length === count) {
    const isCurrent = running.every(({ id }) => taskTexts.get(id) === service.spec.task);
    return isCurrent ? { state: 'converged' } : { state: 'waiting', reason: 'update not begun' };
  }
  return {
    state: 'waiting',
    reason: [`${running.length} of ${count} run`, ...complaints(observation)].join('; '),
  };
}

function failed(what: string, observation: Observation): Convergence {
  return { state: 'failed', reason: [what, ...complaints(observation)].join('; ') };
}

/** The different errors of the tasks that the change has brought, newest first, as docker lists them. */
function complaints({ tasks, before }: Observation): readonly string[] {
  const errors = tasks
    .filter(({ id, error }) => error !== '' && !before.taskIds.has(id))
    .map(({ node, error }) => `${node === '' ? '' : `on ${node}: `}${error}`);
  return [...new Set(errors)].slice(0, 3);
}
