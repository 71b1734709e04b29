import { until } from '@celeriac/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WorkerFixture } from './testing/worker-fixture.ts';
import type { Worker } from './worker.ts';

/** Follows a promise without waiting for it. */
function follow(promise: Promise<unknown>): { outcome: string } {
  const followed = { outcome: 'pending' };
  promise.then(
    () => (followed.outcome = 'resolved'),
    (error: unknown) => (followed.outcome = `rejected: ${String(error)}`),
  );
  return followed;
}

/** A promise that the spec resolves. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

function states(fixture: WorkerFixture): unknown[] {
  return fixture.logger.fieldsOf('worker state').map(({ to }) => to);
}

describe('Worker.stop', () => {
  let fixture: WorkerFixture;
  let worker: Worker;

  beforeEach(() => {
    fixture = new WorkerFixture({ settings: { workerConcurrency: 1 } });
    ({ worker } = fixture);
  });

  afterEach(() => worker.stop({ mode: 'cold' }));

  describe('warm', () => {
    it('lets what runs finish, stores its result before the acknowledgement, and gives back what waits', async () => {
      await fixture.start();
      fixture.send('running', 'waiting', 'held');
      await fixture.begun(1);
      const stopping = worker.stop();
      const followed = follow(stopping);
      fixture.send('later');
      await nextTurn();
      await nextTurn();
      expect([worker.state, worker.isReady, followed.outcome]).toEqual(['closing', false, 'pending']);

      fixture.run('running').finish('done');
      await stopping;
      expect(fixture.results).toMatchObject([{ id: 'running', status: 'SUCCESS', result: 'done' }]);
      expect(fixture.settled).toEqual(['acked running']);
      expect(fixture.waiting).toEqual(['waiting', 'held', 'later']);
      expect(fixture.runs).toHaveLength(1);
      const events = fixture.transport.journal.entries.map(({ event }) => event);
      expect(events.slice(-4)).toEqual(['published', 'confirmed', 'acked', 'disconnected']);
      expect(states(fixture)).toEqual(['running', 'closing', 'stopped']);
      await worker.done;
    });

    it('waits for the confirms of results before it closes', async () => {
      await fixture.start();
      fixture.transport.holdConfirms();
      fixture.send('a');
      await fixture.begun(1);
      fixture.run('a').finish();
      await until(() => fixture.results.length === 1);
      const followed = follow(worker.stop());
      await nextTurn();
      expect([followed.outcome, fixture.settled]).toEqual(['pending', []]);
      fixture.transport.releaseConfirms();
      await worker.done;
      expect(fixture.settled).toEqual(['acked a']);
    });

    it('starts nothing that waits, even when a place becomes free before the consumer is cancelled', async () => {
      await fixture.start();
      fixture.send('running', 'waiting');
      await fixture.begun(1);
      await until(() => fixture.waiting.length === 0);
      const stopping = worker.stop();
      fixture.run('running').finish();
      await stopping;
      expect([fixture.runs.length, fixture.waiting]).toEqual([1, ['waiting']]);
    });

    it('leaves what arrives while it closes unsettled, good or bad', async () => {
      const cancelled = gate();
      const consume = fixture.transport.consume.bind(fixture.transport);
      jest.spyOn(fixture.transport, 'consume').mockImplementation((options) => {
        const consumer = consume(options);
        const cancel = consumer.cancel.bind(consumer);
        consumer.cancel = () => cancelled.opened.then(cancel); // the broker takes its time
        return consumer;
      });
      await fixture.start();
      const stopping = worker.stop();
      fixture.send('good');
      fixture.transport.put('shop', { body: Buffer.from('{not json'), headers: { id: 'bad' } });
      await until(() => fixture.transport.journal.of('delivered').length === 2);
      cancelled.open();
      await stopping;
      expect([fixture.runs, fixture.settled, fixture.waiting]).toEqual([[], [], ['good', 'bad']]);
    });

    it('gives back tasks that wait for their eta, and leaves no timer behind', async () => {
      jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
      try {
        await fixture.start();
        fixture.sendCall({ id: 'later', eta: new Date(Date.now() + 600_000) });
        await until(() => jest.getTimerCount() === 1);
        await worker.stop();
        expect([fixture.waiting, fixture.settled]).toEqual([['later'], []]);
        expect(jest.getTimerCount()).toBe(0);
      } finally {
        jest.useRealTimers();
      }
    });

    it('is one stop, however often it is asked for', async () => {
      await fixture.start();
      expect(worker.stop()).toBe(worker.stop());
      await worker.stop();
      expect(states(fixture)).toEqual(['running', 'closing', 'stopped']);
      await worker.stop();
      expect(worker.state).toBe('stopped');
    });
  });

  describe('cold', () => {
    it('tells what runs to stop, does not wait for it and gives it back', async () => {
      await fixture.start();
      fixture.send('running', 'waiting');
      await fixture.begun(1);
      const { signal } = fixture.run('running').context;
      await worker.stop({ mode: 'cold' });
      expect([worker.state, signal.aborted]).toEqual(['stopped', true]);
      expect([fixture.settled, fixture.results, fixture.waiting]).toEqual([[], [], ['running', 'waiting']]);
      expect(states(fixture)).toEqual(['running', 'terminating', 'stopped']);
    });

    it('leaves a task that finishes afterwards to the broker: nothing is settled, nothing thrown', async () => {
      await fixture.start();
      fixture.send('late');
      await fixture.begun(1);
      await worker.stop({ mode: 'cold' });
      fixture.run('late').finish();
      await nextTurn();
      expect([fixture.settled, fixture.waiting, fixture.results]).toEqual([[], ['late'], []]);
    });

    it('can follow a warm stop that takes too long', async () => {
      await fixture.start();
      fixture.send('endless');
      await fixture.begun(1);
      const warm = worker.stop();
      await nextTurn();
      await worker.stop({ mode: 'cold' });
      await warm;
      expect(states(fixture)).toEqual(['running', 'closing', 'terminating', 'stopped']);
      expect(fixture.waiting).toEqual(['endless']);
    });

    it('changes nothing once it has stopped', async () => {
      await fixture.start();
      await worker.stop();
      await worker.stop({ mode: 'cold' });
      expect(states(fixture)).toEqual(['running', 'closing', 'stopped']);
    });
  });

  describe('timeoutMs', () => {
    it('turns a warm stop cold', async () => {
      await fixture.start();
      fixture.send('endless');
      await fixture.begun(1);
      await worker.stop({ timeoutMs: 20 });
      expect(states(fixture)).toEqual(['running', 'closing', 'terminating', 'stopped']);
      expect(fixture.waiting).toEqual(['endless']);
    });

    it.each([60_000, 2 ** 31, Infinity])(
      'does not stop before what runs has finished: %d',
      async (timeoutMs) => {
        await fixture.start();
        fixture.send('short');
        await fixture.begun(1);
        const stopping = worker.stop({ timeoutMs });
        for (let turn = 0; turn < 50; turn++) await nextTurn();
        expect(worker.state).toBe('closing');
        fixture.run('short').finish();
        await stopping;
        expect(states(fixture)).toEqual(['running', 'closing', 'stopped']);
      },
    );
  });

  describe('at other times', () => {
    it('stops a worker that was not started', async () => {
      await worker.stop();
      await worker.done;
      expect([worker.state, fixture.transport.isConnected]).toEqual(['stopped', false]);
    });

    it('ends the wait of start(), which resolves', async () => {
      fixture.transport.disconnect();
      const starting = worker.start();
      const followed = follow(starting);
      await nextTurn();
      expect(followed.outcome).toBe('pending');
      await worker.stop();
      await starting;
      expect([worker.state, worker.isReady]).toEqual(['stopped', false]);
      expect(fixture.logger.fieldsOf('worker ready')).toEqual([]);
    });

    it('stops while the broker is away, once what runs has finished', async () => {
      await fixture.start();
      fixture.send('running');
      await fixture.begun(1);
      fixture.transport.disconnect();
      expect(worker.isReady).toBe(false);
      const stopping = worker.stop({ timeoutMs: 1 });
      await stopping;
      expect([worker.state, fixture.waiting]).toEqual(['stopped', ['running']]);
    });
  });

  it('tells what went wrong on the way, and closes everything all the same', async () => {
    const broken = new WorkerFixture();
    await broken.start();
    const reason = new Error('no close-ok');
    jest.spyOn(broken.transport, 'close').mockRejectedValueOnce(reason);
    await expect(broken.worker.stop()).rejects.toMatchObject({ errors: [reason] });
    await broken.worker.done;
    expect(broken.worker.state).toBe('stopped');
  });
});
