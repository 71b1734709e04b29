import { OperationalError } from '@celeriac/amqp-transport';
import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { EncodeError, type ResultMessage } from '@celeriac/protocol';
import { until } from '@celeriac/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DisabledResultStore } from './disabled-result-store.ts';
import type { ResultTarget } from './result-store.ts';
import { RpcResultStore, type RpcResultStoreOptions } from './rpc-result-store.ts';

const target: ResultTarget = { replyTo: 'replies', correlationId: 'a-correlation' };

const result: ResultMessage = {
  taskId: 'an-id',
  status: 'SUCCESS',
  result: 9,
  traceback: null,
  children: [],
  dateDone: new Date('2026-11-22T10:24:12.805Z'),
};

describe('RpcResultStore', () => {
  let transport: InMemoryTransport;
  let outcomes: (OperationalError | undefined)[];

  beforeEach(() => {
    transport = new InMemoryTransport();
    outcomes = [];
    const replies = { name: 'replies', durable: true, exclusive: false, autoDelete: false };
    transport.broker.declare({ exchanges: [], queues: [replies], bindings: [] }, transport);
  });

  afterEach(() => transport.close());

  function storeWith(options: Partial<RpcResultStoreOptions> = {}): RpcResultStore {
    return new RpcResultStore({ transport, ...options });
  }

  const onStored = (error?: OperationalError) => void outcomes.push(error);

  it('sends a result as Celery does [RESULT-RPC-PUBLISH]', async () => {
    storeWith().store(target, result, onStored);
    await until(() => outcomes.length === 1);
    expect(transport.published).toEqual([
      {
        exchange: '',
        routingKey: 'replies',
        properties: {
          contentType: 'application/json',
          contentEncoding: 'utf-8',
          deliveryMode: 1,
          priority: 0,
          correlationId: 'a-correlation',
        },
        headers: {},
        body: Buffer.from(
          '{"status": "SUCCESS", "result": 9, "traceback": null, "children": [], "date_done": "2026-11-22T10:24:12.805000+00:00", "task_id": "an-id"}',
        ),
      },
    ]);
    expect(outcomes).toEqual([undefined]);
  });

  it('sends results that survive a restart of the broker where that is the setting', async () => {
    storeWith({ persistent: true }).store(target, result, onStored);
    await until(() => outcomes.length === 1);
    expect(transport.published).toMatchObject([{ properties: { deliveryMode: 2 } }]);
  });

  it('counts a result as stored when the broker has confirmed it', async () => {
    transport.holdConfirms();
    storeWith().store(target, result, onStored);
    await until(() => transport.published.length === 1);
    await nextTurn();
    expect(outcomes).toEqual([]);
    transport.releaseConfirms();
    expect(outcomes).toEqual([undefined]);
  });

  it('refuses no result, however many wait for a broker that is away', async () => {
    const count = 100_002; // one more than a publisher keeps waiting by default, and one that it has taken
    const store = storeWith();
    transport.setBlocked(true);
    for (let sent = 0; sent < count; sent++) store.store(target, result, onStored);
    await nextTurn(); // by which a refusal would have come
    expect(outcomes).toEqual([]);
  });

  it('counts a result as stored when it is written, without confirms', async () => {
    transport.holdConfirms();
    storeWith({ confirmPublish: false }).store(target, result, onStored);
    expect(outcomes).toEqual([undefined]);
    await until(() => transport.published.length === 1);
  });

  it.each([undefined, ''])('sends nothing where nobody waits: %j', async (replyTo) => {
    storeWith().store({ ...target, replyTo }, result, onStored);
    expect(outcomes).toEqual([undefined]);
    await nextTurn();
    expect(transport.published).toEqual([]);
  });

  it('counts a result for a caller that has gone as stored', async () => {
    storeWith().store({ ...target, replyTo: 'gone' }, result, onStored);
    await until(() => outcomes.length === 1);
    expect(outcomes).toEqual([undefined]);
  });

  it.each([undefined, 'replies'])('refuses a value that cannot be written, for reply queue %j', (replyTo) => {
    const store = storeWith();
    const unwritable = { ...result, result: new Set([1]) };
    expect(() => {
      store.store({ ...target, replyTo }, unwritable, onStored);
    }).toThrow(EncodeError);
    expect([outcomes, transport.published]).toEqual([[], []]);
  });

  it('hands on why a result was not stored', async () => {
    const refusal = new OperationalError('ERR_PUBLISH_REFUSED', 'no');
    transport.refusePublishes(() => refusal);
    storeWith().store(target, result, onStored);
    await until(() => outcomes.length === 1);
    expect(outcomes).toEqual([refusal]);
  });

  it('opens its publisher when it is told to, once, and not before', () => {
    const publisher = jest.spyOn(transport, 'publisher');
    const store = storeWith();
    expect(publisher).not.toHaveBeenCalled();
    store.open();
    store.open();
    store.store(target, result, onStored);
    expect(publisher).toHaveBeenCalledTimes(1);
  });

  it('closes after what is under way is stored, and takes nothing afterwards', async () => {
    const store = storeWith();
    store.store(target, result, onStored);
    await store.close();
    await store.close();
    expect(outcomes).toEqual([undefined]);
    store.store(target, result, onStored);
    await until(() => outcomes.length === 2);
    expect(outcomes[1]).toMatchObject({ code: 'ERR_CONNECTION_CLOSED', recoverable: true });
  });

  it('can be closed without having been opened', async () => {
    await expect(storeWith().close()).resolves.toBeUndefined();
  });
});

describe('DisabledResultStore', () => {
  it('drops every result and says it is stored', async () => {
    const store = new DisabledResultStore();
    const outcomes: unknown[] = [];
    store.open();
    store.store(target, { ...result, result: new Set() }, (error) => outcomes.push(error));
    await store.close();
    expect(outcomes).toEqual([undefined]);
  });
});
