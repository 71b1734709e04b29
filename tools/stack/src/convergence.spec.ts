import { convergenceOf, type Convergence, type Observation } from './convergence.ts';
import type { ServiceTask } from './service-tasks.ts';
import type { ServiceUpdate } from './stack-services.ts';
import { serviceSpec, stackService } from './testing/stack-service.ts';

const task = (id: string, changes: Partial<ServiceTask> = {}): ServiceTask => ({
  id,
  service: 'addition',
  node: 'n1',
  isWanted: true,
  state: 'Running',
  error: '',
  ...changes,
});

const update = (state: string, startedAt = 'now'): ServiceUpdate => ({
  state,
  message: 'as said',
  startedAt,
});

function observe(changes: Partial<Observation>): Convergence {
  const tasks = changes.tasks ?? [task('a'), task('b')];
  return convergenceOf({
    service: stackService('addition'),
    tasks,
    taskTexts: new Map(tasks.map(({ id }) => [id, 'task 1'])),
    before: { updates: new Map(), taskIds: new Set() },
    isRollback: false,
    ...changes,
  });
}

const withUpdate = (value: ServiceUpdate): Partial<Observation> => ({
  service: stackService('addition', { update: value }),
});

describe('convergenceOf', () => {
  it('has converged when all tasks run and are made from the present specification', () => {
    expect(observe({})).toEqual({ state: 'converged' });
  });

  it('has not, while tasks of the former specification run', () => {
    expect(observe({ taskTexts: new Map([['a', 'task 1']]) }).state).toBe('waiting');
  });

  it.each([
    ['one starts', [task('a'), task('b', { state: 'Starting' })]],
    ['one is missing', [task('a')]],
    ['one too many runs', [task('a'), task('b'), task('c')]],
  ])('has not, while %s', (_, tasks) => {
    expect(observe({ tasks }).state).toBe('waiting');
  });

  it('has converged with no task where none is wanted', () => {
    const service = stackService('addition', { spec: serviceSpec({ replicas: 0 }) });
    expect(observe({ service, tasks: [task('a', { isWanted: false, state: 'Shutdown' })] }).state).toBe(
      'converged',
    );
  });

  it('takes the tasks of a global service as they are', () => {
    const service = stackService('addition', { spec: serviceSpec({ replicas: undefined }) });
    expect(observe({ service }).state).toBe('converged');
  });

  it('waits while Swarm watches an update', () => {
    expect(observe(withUpdate(update('updating'))).state).toBe('waiting');
    expect(observe(withUpdate(update('completed'))).state).toBe('converged');
  });

  it('waits for a rollback to end, and fails then, with the errors of the new tasks', () => {
    expect(observe(withUpdate(update('rollback_started'))).state).toBe('waiting');
    const tasks = [task('a'), task('b'), task('c', { isWanted: false, state: 'Failed', error: 'exit (3)' })];
    expect(observe({ ...withUpdate(update('rollback_completed')), tasks })).toEqual({
      state: 'failed',
      reason: 'Swarm has rolled it back, and it runs as before; on n1: exit (3)',
    });
  });

  it('has converged after a rollback that was asked for', () => {
    const asked = { ...withUpdate(update('rollback_completed')), isRollback: true };
    expect(observe(asked).state).toBe('converged');
  });

  it('fails when Swarm gives an update up', () => {
    expect(observe(withUpdate(update('paused'))).state).toBe('failed');
    expect(observe({ ...withUpdate(update('rollback_paused')), isRollback: true }).state).toBe('failed');
  });

  it('does not hold a former rollback against a service', () => {
    const before = { updates: new Map([['addition', 'then']]), taskIds: new Set<string>() };
    expect(observe({ ...withUpdate(update('rollback_completed', 'then')), before }).state).toBe('converged');
  });

  it('fails when a node cannot get the image, unless that was before', () => {
    const error = 'No such image: celeriac/addition:9';
    const tasks = [task('a'), task('r', { isWanted: false, state: 'Rejected', error })];
    expect(observe({ tasks }).state).toBe('failed');
    const before = { updates: new Map<string, string>(), taskIds: new Set(['r']) };
    expect(observe({ tasks, before }).state).toBe('waiting');
  });

  it('names the errors of tasks while it waits', () => {
    const tasks = [task('a', { state: 'Pending', node: '', error: 'no suitable node' })];
    expect(observe({ tasks })).toEqual({ state: 'waiting', reason: '0 of 2 run; no suitable node' });
  });
});
