/** Faults on the way of a message to its run, whatever throws: the caller is told, the message settled, the next one runs. */
import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { until } from '@celeriac/testing';
import { deliveryOfCall, holderOf, receivedTask, registeredTask } from '../testing/received-task.ts';
import { FakeDelivery } from '../testing/fake-delivery.ts';
import { RunFixture } from '../testing/run-fixture.ts';
import { WaitingFixture } from '../testing/waiting-fixture.ts';
import { WorkerFixture } from '../testing/worker-fixture.ts';
import { TaskAdmission } from './task-admission.ts';
import { WaitingTasks } from './waiting-tasks.ts';

function fault(): never {
  throw new Error('a fault of ours');
}

describe('a fault in receiving a message', () => {
  let fixture: WorkerFixture | undefined;

  afterEach(async () => {
    jest.restoreAllMocks();
    await fixture?.worker.stop({ mode: 'cold' });
  });

  async function started(): Promise<WorkerFixture> {
    fixture = await new WorkerFixture(
      {},
      holderOf(() => 'ran'),
    ).start();
    return fixture;
  }

  it.each([
    ['its admission', () => jest.spyOn(TaskAdmission.prototype, 'refusal')],
    ['its wait', () => jest.spyOn(WaitingTasks.prototype, 'add')],
  ])('fails the task when %s throws, and the next one runs', async (_what, spy) => {
    const { worker, logger } = await started();
    spy().mockImplementationOnce(fault);
    fixture?.sendCall({ id: 'first' });
    fixture?.sendCall({ id: 'second' });
    await until(() => fixture?.settled.length === 2, { what: 'both are settled' });
    expect(fixture?.results).toMatchObject([
      { id: 'first', status: 'FAILURE', result: { exc_message: ['a fault of ours'] } },
      { id: 'second', status: 'SUCCESS', result: 'ran' },
    ]);
    expect(worker.counts).toMatchObject({ failed: 1, succeeded: 1 });
    expect(logger.fieldsOf('outcome of a task not handled')).toHaveLength(1);
  });

  it('refuses a message that cannot even be opened', async () => {
    const consume = jest.spyOn(InMemoryTransport.prototype, 'consume');
    const { worker, logger } = await started();
    const headers = { id: 'an-id', get task(): string { return fault(); } }; // prettier-ignore
    const delivery = new FakeDelivery({ headers });
    consume.mock.calls[0]?.[0].onDelivery(delivery);
    expect(delivery.settlement).toBe('reject');
    expect(worker.counts.refused).toBe(1);
    expect(logger.fieldsOf('message refused')).toMatchObject([{ reason: 'a fault of ours' }]);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then'])(
    'refuses a task of the name %s as any that is not registered',
    async (name) => {
      await started();
      fixture?.sendCall({ id: 'odd', name });
      await until(() => fixture?.settled.length === 1, { what: 'it is settled' });
      expect(fixture?.results).toMatchObject([
        { status: 'FAILURE', result: { exc_type: 'NotRegistered', exc_message: [name] } },
      ]);
    },
  );
});

describe('a fault when the time of a task has come', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('fails that task, and those that are due with it run', async () => {
    const { waiting, received, ran, store } = new WaitingFixture();
    const eta = new Date(Date.now() + 5000);
    const [first, second] = ['first', 'second'].map((id) => received({ id, eta }));
    if (first === undefined || second === undefined) throw new Error('there are two');
    waiting.add(first);
    waiting.add(second);
    jest.spyOn(TaskAdmission.prototype, 'refusal').mockImplementationOnce(fault);
    await jest.advanceTimersByTimeAsync(5000);
    store.confirmAll();
    expect(store.results).toMatchObject([{ taskId: 'first', status: 'FAILURE' }]);
    expect([first.delivery.settlement, ran]).toEqual(['ack', ['second']]);
  });
});

describe('a fault in starting a run', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('fails the task', () => {
    const { runner, received, store } = new RunFixture(() => 5);
    const task = received();
    jest.spyOn(TaskAdmission.prototype, 'refusal').mockImplementationOnce(fault);
    expect(runner.execute(task)).toBeUndefined();
    store.confirmAll();
    expect(store.results).toMatchObject([{ status: 'FAILURE' }]);
    expect(task.delivery.settlement).toBe('ack');
  });
});

describe('a fault in telling of a failure', () => {
  it('rejects the message when nothing can be stored at all', () => {
    const { outcomes, store, logger } = new RunFixture(() => 5);
    const received = receivedTask(
      registeredTask(() => 5),
      {},
      { delivery: deliveryOfCall() },
    );
    store.store = fault;
    outcomes.notHandled(received, new Error('first'));
    expect(received.delivery.settlement).toBe('reject');
    expect(logger.fieldsOf('failure of a task not handled')).toMatchObject([{ reason: 'a fault of ours' }]);
  });
});
