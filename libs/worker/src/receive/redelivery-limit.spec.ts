import { OperationalError } from '@celeriac/amqp-transport';
import { Reject } from '@celeriac/task-registry';
import { RecordingLogger, until } from '@celeriac/testing';
import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { CallPublisher } from '../settle/call-publisher.ts';
import { redeliveryCountHeader, RedeliveryLimit, rejectReasonHeader } from './redelivery-limit.ts';
import { deliveryOfCall, holderOf } from '../testing/received-task.ts';
import type { FakeDelivery } from '../testing/fake-delivery.ts';
import { WorkerFixture } from '../testing/worker-fixture.ts';
import { WorkerSignals } from '../worker-signals.ts';

const shop = { name: 'shop', durable: true, exclusive: false, autoDelete: false };

describe('RedeliveryLimit', () => {
  let transport: InMemoryTransport;
  let logger: RecordingLogger;

  async function limitOf(limit: number): Promise<RedeliveryLimit> {
    transport = new InMemoryTransport();
    logger = new RecordingLogger();
    await transport.declare({ exchanges: [], queues: [shop], bindings: [] });
    return new RedeliveryLimit({
      publisher: new CallPublisher(transport, new WorkerSignals(), logger),
      limit,
      logger,
    });
  }

  function again(headers: Readonly<Record<string, unknown>> = {}): FakeDelivery {
    return deliveryOfCall({ headers, priority: 3 }, { redelivered: true });
  }

  async function copyOf(delivery: FakeDelivery) {
    await until(() => delivery.isSettled);
    const [copy] = transport.messagesIn('shop');
    if (copy === undefined) throw new Error('there is no copy');
    return copy;
  }

  it('leaves a message that comes for the first time to the worker', async () => {
    const limit = await limitOf(0);
    const delivery = deliveryOfCall();
    expect([limit.takes(delivery), delivery.isSettled]).toEqual([false, false]);
  });

  it('leaves one of a quorum queue to the broker, which counts by itself', async () => {
    const limit = await limitOf(0);
    expect(limit.takes(again({ 'x-delivery-count': 7 }))).toBe(false);
  });

  it('puts a copy with a count in the place of a message that comes again, then acknowledges it', async () => {
    const limit = await limitOf(3);
    const delivery = again();
    transport.holdConfirms();
    expect(limit.takes(delivery)).toBe(true);
    await until(() => transport.messagesIn('shop').length === 1);
    expect(delivery.isSettled).toBe(false); // the copy is not safe yet
    transport.releaseConfirms();
    const copy = await copyOf(delivery);
    expect(delivery.settlement).toBe('ack');
    expect(copy.headers).toEqual({ ...delivery.headers, [redeliveryCountHeader]: 1 });
    expect(copy.properties).toMatchObject({
      priority: 3,
      correlationId: 'an-id',
      replyTo: 'replies',
      deliveryMode: 2,
    });
    expect(copy.body.equals(delivery.body)).toBe(true);
  });

  it.each<[unknown, number, number, boolean]>([
    [undefined, 3, 1, false],
    [2, 3, 3, false],
    [3, 3, 4, true],
    [undefined, 0, 1, true],
    ['many', 3, 1, false], // somebody else's
  ])(
    'counts on from %p with a limit of %d: %d, with a reason to reject it: %s',
    async (count, most, next, isTooMany) => {
      const limit = await limitOf(most);
      const delivery = again(count === undefined ? {} : { [redeliveryCountHeader]: count });
      limit.takes(delivery);
      const { headers } = await copyOf(delivery);
      expect(headers[redeliveryCountHeader]).toBe(next);
      const reason = `delivered again ${String(next)} times, the limit is ${String(most)}`;
      expect(headers[rejectReasonHeader]).toBe(isTooMany ? reason : undefined);
    },
  );

  it('knows the reason that a message carries, and of others that they have none', async () => {
    const limit = await limitOf(3);
    const reason = 'delivered again 4 times, the limit is 3';
    expect(limit.reasonToReject(deliveryOfCall({ headers: { [rejectReasonHeader]: reason } }))).toBe(reason);
    expect(limit.reasonToReject(deliveryOfCall())).toBeUndefined();
  });

  it('leaves a message unsettled, and says so, when the broker does not take its copy', async () => {
    const limit = await limitOf(3);
    transport.refusePublishes(() => new OperationalError('ERR_PUBLISH_REFUSED', 'no room'));
    const delivery = again();
    limit.takes(delivery);
    await until(() => logger.lines.length > 0);
    expect([delivery.isSettled, logger.fieldsOf('redelivery not counted')]).toEqual([
      false,
      [{ queue: 'shop', reason: 'no room' }],
    ]);
  });
});

describe('a worker with a redelivery limit', () => {
  it('runs a task that always goes back so often, and no more: then it is dead-lettered, with count and reason', async () => {
    let runs = 0;
    const holder = holderOf(() => {
      runs++;
      throw new Reject('not today', { requeue: true });
    });
    const fixture = new WorkerFixture({ settings: { redeliveryLimit: 2 } }, holder);
    await fixture.start();
    fixture.send('unwanted');
    await until(() => fixture.transport.deadLettered.length === 1);
    await fixture.worker.stop();
    const { headers } = fixture.transport.deadLettered[0]?.message ?? { headers: {} };
    expect(headers).toMatchObject({
      id: 'unwanted',
      [redeliveryCountHeader]: 3,
      [rejectReasonHeader]: 'delivered again 3 times, the limit is 2',
    });
    expect([runs, fixture.waiting]).toEqual([3, []]); // the first, and two more
    expect(fixture.results).toMatchObject([
      {
        id: 'unwanted',
        status: 'FAILURE',
        result: { exc_type: 'Reject', exc_message: ['delivered again 3 times, the limit is 2', false] },
      },
    ]);
    expect(fixture.logger.fieldsOf('message rejected')).toMatchObject([
      { taskId: 'unwanted', queue: 'shop' },
    ]);
  });

  it('counts nothing without one', async () => {
    let runs = 0;
    const holder = holderOf(() => {
      if (runs++ < 5) throw new Reject('not yet', { requeue: true });
      return 'at last';
    });
    const fixture = new WorkerFixture({}, holder);
    await fixture.start();
    fixture.send('wanted');
    await until(() => fixture.results.length === 1);
    await fixture.worker.stop();
    expect([runs, fixture.results]).toMatchObject([6, [{ status: 'SUCCESS', result: 'at last' }]]);
  });
});
