import { OperationalError, type MessageProperties } from '@celeriac/amqp-transport';
import { delayedRouteToQueue } from '@celeriac/protocol';
import { until } from '@celeriac/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WaitingFixture, type WaitingFixtureOptions } from '../testing/waiting-fixture.ts';

const now = Date.parse('2026-11-22T10:00:00Z');
const at = (ms: number) => new Date(now + ms);
const hour = 3_600_000;

describe('WaitingTasks', () => {
  let fixture: WaitingFixture;

  function waitingWith(options: WaitingFixtureOptions = {}): WaitingFixture {
    fixture = new WaitingFixture(options);
    return fixture;
  }

  /** Messages that the broker holds until they are due: with their routes. */
  function delayed(): { readonly exchange: string; readonly routingKey: string }[] {
    return fixture.transport.published.map(({ exchange, routingKey }) => ({ exchange, routingKey }));
  }

  beforeEach(() => {
    jest.useFakeTimers({ now, doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
  });

  afterEach(() => {
    fixture.waiting.close();
    jest.useRealTimers();
  });

  it('holds tasks up to the limit, and gives the others to the broker for the rest of their time', async () => {
    const { waiting, received, ran, outcomes } = waitingWith({ etaTaskLimit: 2 });
    const tasks = ['a', 'b', 'c', 'd'].map((id, index) => received({ id, eta: at(60_000 + 1000 * index) }));
    for (const task of tasks) waiting.add(task);
    await until(() => outcomes.counts.delayed === 2);
    expect(waiting.size).toBe(2);
    expect(tasks.map(({ delivery }) => delivery.settlement)).toEqual([undefined, undefined, 'ack', 'ack']);
    expect(delayed()).toEqual([delayedRouteToQueue(62_000, 'shop'), delayedRouteToQueue(63_000, 'shop')]);
    jest.advanceTimersByTime(61_000);
    expect([ran, waiting.size]).toEqual([['a', 'b'], 0]);
  });

  it('holds what is due within a second, limit or no limit: the broker knows whole seconds', () => {
    const { waiting, received, ran } = waitingWith({ etaTaskLimit: 0 });
    for (const id of ['a', 'b']) waiting.add(received({ id, eta: at(999) }));
    expect(waiting.size).toBe(2);
    jest.advanceTimersByTime(998);
    expect(ran).toEqual([]);
    jest.advanceTimersByTime(1);
    expect([ran, delayed()]).toEqual([['a', 'b'], []]);
  });

  it('holds nothing for longer than half the consumer_timeout, though there is room', async () => {
    const { waiting, received, outcomes } = waitingWith({ consumerTimeoutMs: 60_000 });
    waiting.add(received({ id: 'short', eta: at(30_000) }));
    waiting.add(received({ id: 'long', eta: at(30_001) }));
    await until(() => outcomes.counts.delayed === 1);
    expect(waiting.size).toBe(1);
  });

  it('gives the copy everything but its time to live and the user who sent it', async () => {
    const { waiting, received, outcomes, transport } = waitingWith({ etaTaskLimit: 0 });
    const task = received({
      id: 'a',
      eta: at(hour),
      expires: at(2 * hour),
      now: at(0),
      priority: 3,
      headers: { tenant: 'acme' },
    });
    const { properties, headers, body } = task.delivery;
    expect(properties.expiration).toBe(String(2 * hour));
    Object.assign(properties, { userId: 'alice' });
    waiting.add(task);
    await until(() => outcomes.counts.delayed === 1);
    const [copy] = transport.published;
    const kept: MessageProperties = { ...properties };
    Object.assign(kept, { expiration: undefined, userId: undefined });
    expect([copy?.headers, copy?.properties, copy?.body.equals(body)]).toEqual([headers, kept, true]);
  });

  it('gives a task whose turn by rate limit is far off to the broker', async () => {
    const { waiting, received, ran, outcomes } = waitingWith({
      options: { rateLimit: '1/h' },
      consumerTimeoutMs: hour,
    });
    for (const id of ['first', 'second']) waiting.add(received({ id }));
    await until(() => outcomes.counts.delayed === 1);
    expect([ran, waiting.size, delayed()]).toEqual([['first'], 0, [delayedRouteToQueue(hour, 'shop')]]);
  });

  it('holds a task for its turn when that is soon', () => {
    const { waiting, received, ran } = waitingWith({ options: { rateLimit: '6/m' } });
    for (const id of ['first', 'second', 'third']) waiting.add(received({ id }));
    expect([ran, waiting.size]).toEqual([['first'], 2]);
    jest.advanceTimersByTime(10_000);
    jest.advanceTimersByTime(10_000);
    expect(ran).toEqual(['first', 'second', 'third']);
  });

  it('waits for the turn after the eta, not instead of it', () => {
    const { waiting, received, ran } = waitingWith({ options: { rateLimit: '1/s' } });
    waiting.add(received({ id: 'now' }));
    waiting.add(received({ id: 'later', eta: at(500) }));
    jest.advanceTimersByTime(500);
    expect([ran, waiting.size]).toEqual([['now'], 1]);
    jest.advanceTimersByTime(500);
    expect(ran).toEqual(['now', 'later']);
  });

  it('holds a message here when the broker refuses to delay it, and says so', async () => {
    const { waiting, received, ran, logger, transport } = waitingWith({ etaTaskLimit: 0 });
    transport.refusePublishes(() => new OperationalError('ERR_PUBLISH_REFUSED', 'no room'));
    const task = received({ id: 'a', eta: at(hour) });
    waiting.add(task);
    await until(() => logger.lines.length === 1);
    await nextTurn();
    expect(waiting.size).toBe(1);
    expect([task.delivery.isSettled, logger.fieldsOf('message not delayed at the broker')]).toEqual([
      false,
      [{ queue: 'shop', reason: 'no room' }],
    ]);
    jest.advanceTimersByTime(hour);
    // it may have been on offer to the broker again when it fell due
    await until(() => {
      jest.advanceTimersByTime(0);
      return waiting.size === 0;
    });
    expect(ran).toEqual(['a']);
  });

  it('holds messages here when what delays them cannot be declared, and tries again with the next', async () => {
    const { waiting, received, logger, transport, outcomes } = waitingWith({ etaTaskLimit: 0 });
    const inTheWay = { name: 'celery_delayed_27', type: 'fanout', durable: true, autoDelete: false } as const;
    jest.spyOn(transport, 'declare').mockRejectedValueOnce(
      new OperationalError('ERR_CHANNEL_CLOSED', `PRECONDITION_FAILED - ${inTheWay.name}`, {
        replyCode: 406,
      }),
    );
    waiting.add(received({ id: 'a', eta: at(hour) }));
    await until(() => logger.lines.length === 1);
    expect(logger.fieldsOf('messages cannot be delayed at the broker, they are held here')).toEqual([
      { queue: 'shop', reason: 'PRECONDITION_FAILED - celery_delayed_27' },
    ]);
    waiting.add(received({ id: 'b', eta: at(hour) }));
    await until(() => outcomes.counts.delayed === 1);
    expect(waiting.size).toBe(1);
  });

  it('declares what delays the messages of a queue once, however many come', async () => {
    const { waiting, received, transport, outcomes } = waitingWith({ etaTaskLimit: 0 });
    const declare = jest.spyOn(transport, 'declare');
    for (const id of ['a', 'b', 'c']) waiting.add(received({ id, eta: at(hour) }));
    await until(() => outcomes.counts.delayed === 3);
    waiting.add(received({ id: 'd', eta: at(hour) }));
    await until(() => outcomes.counts.delayed === 4);
    expect(declare).toHaveBeenCalledTimes(2); // the levels, and the way to the queue
  });

  describe('while the connection that publishes is away', () => {
    it('waits for it, and then gives the broker all that is above the limit', async () => {
      const { waiting, received, transport, outcomes, ran, logger } = waitingWith({ etaTaskLimit: 1 });
      transport.disconnect();
      for (const id of ['a', 'b', 'c', 'd']) waiting.add(received({ id, eta: at(60_000) }));
      await nextTurn();
      expect([waiting.size, transport.published.length]).toEqual([4, 0]);
      transport.reconnect();
      await until(() => outcomes.counts.delayed === 3, { timeoutMs: 10_000 });
      expect([waiting.size, ran, logger.lines]).toEqual([1, [], []]);
    });

    it('gives it no message whose delivery was lost meanwhile: that comes again', async () => {
      const { waiting, received, transport, ran } = waitingWith({ etaTaskLimit: 0 });
      const task = received({ id: 'a', eta: at(hour) });
      transport.disconnect();
      waiting.add(task);
      await nextTurn();
      task.delivery.isLost = true;
      waiting.dropLost();
      transport.reconnect();
      await until(() => waiting.size === 0, { timeoutMs: 10_000 });
      expect([transport.published, task.delivery.isSettled, ran]).toEqual([[], false, []]);
    });

    it('runs a task here that is due before it is back', async () => {
      const { waiting, received, transport, ran } = waitingWith({ etaTaskLimit: 0 });
      transport.disconnect();
      waiting.add(received({ id: 'a', eta: at(5000) }));
      await nextTurn();
      jest.setSystemTime(now + 4500);
      transport.reconnect();
      await until(() => jest.getTimerCount() > 0, { timeoutMs: 10_000 });
      jest.advanceTimersByTime(500);
      expect([ran, transport.published]).toEqual([['a'], []]);
    });

    it('gives up when the worker closes, and counts the message as returned', async () => {
      const { waiting, received, transport, publisher, outcomes, logger } = waitingWith({ etaTaskLimit: 0 });
      transport.disconnect();
      waiting.add(received({ id: 'a', eta: at(hour) }));
      waiting.close();
      expect(waiting.returnedCount).toBe(0);
      await publisher.close();
      await until(() => waiting.size === 0, { timeoutMs: 10_000 });
      expect([waiting.returnedCount, outcomes.counts.delayed, logger.lines]).toEqual([1, 0, []]);
    });
  });

  describe('when the connection that publishes is lost after messages were delayed', () => {
    async function delayedOnce(): Promise<WaitingFixture> {
      const fixture = waitingWith({ etaTaskLimit: 0 });
      fixture.waiting.add(fixture.received({ id: 'before', eta: at(hour) }));
      await until(() => fixture.outcomes.counts.delayed === 1);
      fixture.transport.disconnect();
      return fixture;
    }

    it('gives the broker no message whose delivery was lost meanwhile, and waits for it no longer', async () => {
      const { waiting, received, transport, ran } = await delayedOnce();
      const task = received({ id: 'lost', eta: at(hour) });
      waiting.add(task);
      await nextTurn();
      expect(waiting.size).toBe(1);
      task.delivery.isLost = true;
      waiting.dropLost();
      await nextTurn();
      expect(waiting.size).toBe(0); // though the connection is still away
      transport.reconnect();
      const next = received({ id: 'next', eta: at(hour) });
      waiting.add(next);
      await until(() => next.delivery.isSettled, { timeoutMs: 10_000 });
      expect(transport.published.map(({ properties }) => properties.correlationId)).toEqual([
        'before',
        'next',
      ]);
      expect([task.delivery.isSettled, ran]).toEqual([false, []]);
    });

    it('delays a message for what is left of its time when it is back', async () => {
      const { waiting, received, transport, outcomes } = await delayedOnce();
      waiting.add(received({ id: 'late', eta: at(hour) }));
      await nextTurn();
      jest.setSystemTime(now + hour / 2);
      transport.reconnect();
      await until(() => outcomes.counts.delayed === 2, { timeoutMs: 10_000 });
      expect(delayed()[1]).toEqual(delayedRouteToQueue(hour / 2, 'shop'));
    });
  });

  describe('when the broker refuses to delay messages', () => {
    it('is full once they take the whole capacity, and hands over what is above its limit when it can', async () => {
      const { waiting, received, transport, outcomes, ran, logger } = waitingWith({
        etaTaskLimit: 2,
        consumerTimeoutMs: 3 * hour,
      });
      transport.refusePublishes(() => new OperationalError('ERR_PUBLISH_REFUSED', 'no room'));
      for (const [index, id] of ['a', 'b', 'c', 'd', 'e'].entries())
        waiting.add(received({ id, eta: at(hour + 1000 * index) }));
      expect(waiting.isFull(5)).toBe(false); // the broker has not been asked yet
      await until(() => logger.lines.length === 3);
      await nextTurn();
      expect([waiting.size, waiting.isFull(5), waiting.isFull(6)]).toEqual([5, true, false]);

      await jest.advanceTimersByTimeAsync(1000);
      await until(() => logger.lines.length === 4); // asked for one of them, and refused
      await nextTurn();
      expect([waiting.size, waiting.isFull(5)]).toEqual([5, true]);

      transport.refusePublishes(undefined);
      await jest.advanceTimersByTimeAsync(2000);
      await until(() => outcomes.counts.delayed === 3);
      expect([waiting.size, waiting.isFull(2), ran]).toEqual([2, false, []]);
      // those with the latest etas
      expect(transport.published.map(({ properties }) => properties.correlationId)).toEqual(['e', 'd', 'c']);
      jest.advanceTimersByTime(hour);
      expect(ran).toEqual(['a', 'b']);
    });

    it('asks it no more once it is closed', async () => {
      const { waiting, received, transport, logger } = waitingWith({ etaTaskLimit: 0 });
      transport.refusePublishes(() => new OperationalError('ERR_PUBLISH_REFUSED', 'no room'));
      waiting.add(received({ id: 'a', eta: at(hour) }));
      await until(() => logger.lines.length === 1);
      await nextTurn();
      waiting.close();
      expect([jest.getTimerCount(), waiting.returnedCount]).toEqual([0, 1]);
    });
  });

  it('keeps a message unsettled that was being delayed when the worker closed', async () => {
    const { waiting, received, transport, publisher, ran } = waitingWith({ etaTaskLimit: 0 });
    transport.holdConfirms();
    const task = received({ id: 'a', eta: at(hour) });
    waiting.add(task);
    await until(() => transport.published.length === 1);
    waiting.close();
    await publisher.close();
    await nextTurn();
    expect([task.delivery.isSettled, waiting.size, ran, jest.getTimerCount()]).toEqual([false, 0, [], 0]);
  });

  it('does not hold what could not be delayed when it has been closed meanwhile', async () => {
    const { waiting, received, transport, logger } = waitingWith({ etaTaskLimit: 0 });
    transport.refusePublishes(() => new OperationalError('ERR_PUBLISH_REFUSED', 'no room'));
    waiting.add(received({ id: 'a', eta: at(hour) }));
    waiting.close();
    await until(() => logger.lines.length > 0);
    await nextTurn();
    expect([waiting.size, jest.getTimerCount()]).toEqual([0, 0]);
  });

  it('tells how many it forgets when it is closed', () => {
    const { waiting, received } = waitingWith({ options: { rateLimit: '1/m' } });
    for (const id of ['runs', 'waits']) waiting.add(received({ id }));
    waiting.add(received({ id: 'later', eta: at(60_000) }));
    expect(waiting.size).toBe(2);
    waiting.close();
    expect([waiting.returnedCount, waiting.size]).toEqual([2, 0]);
  });

  it('revokes a task whose id was revoked, or that has expired, while it waited', () => {
    const { waiting, received, revoked, ran, store } = waitingWith();
    waiting.add(received({ id: 'revoked', eta: at(5000) }));
    waiting.add(received({ id: 'expired', eta: at(5000), expires: at(4000) }));
    waiting.add(received({ id: 'good', eta: at(5000), expires: at(6000) }));
    revoked.add(['revoked']);
    expect(store.results).toEqual([]); // at the time of its eta, as in Celery
    jest.advanceTimersByTime(5000);
    expect(ran).toEqual(['good']);
    expect(store.results.map(({ taskId, result }) => [taskId, result])).toEqual([
      ['revoked', expect.objectContaining({ exc_message: ['revoked'] })],
      ['expired', expect.objectContaining({ exc_message: ['expired'] })],
    ]);
  });
});
