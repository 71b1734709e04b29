import { IllegalStateError } from '@celeriac/primitives';
import { encodeTaskMessage } from '@celeriac/protocol';
import { until } from '@celeriac/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WorkerFixture } from './testing/worker-fixture.ts';

describe('the queues of a worker that runs', () => {
  let fixture: WorkerFixture;

  function sendTo(queue: string, id: string): void {
    const call = { id, name: 'work', args: [], kwargs: {}, origin: 'spec@host', replyTo: 'replies' };
    fixture.transport.put(queue, encodeTaskMessage(call));
  }

  beforeEach(async () => {
    fixture = await new WorkerFixture().start();
  });

  afterEach(() => fixture.worker.stop({ mode: 'cold' }));

  it('can be one more, also after every loss of the connection', async () => {
    const { worker, transport } = fixture;
    await worker.addConsumer('extra');
    sendTo('extra', 'a');
    await fixture.begun(1);
    transport.loseConnection();
    await until(() => worker.isReady);
    sendTo('extra', 'b');
    await fixture.begun(2);
    fixture.run('b').finish();
    await until(() => fixture.settled.includes('acked b'));
  });

  it('is declared as it is given, with its exchange', async () => {
    const { worker, transport } = fixture;
    await worker.addConsumer({
      name: 'events',
      exchange: 'facts',
      exchangeType: 'topic',
      routingKey: 'shop.#',
      maxPriority: 5,
    });
    const call = { id: 'a', name: 'work', args: [], kwargs: {}, origin: 'spec@host' };
    const taken = transport.broker.route({
      ...encodeTaskMessage(call),
      exchange: 'facts',
      routingKey: 'shop.sold',
    });
    expect(taken).toBe(1);
    await fixture.begun(1);
  });

  it('are as they were when the broker refuses one more', async () => {
    const { worker, transport } = fixture;
    const queue = { name: 'taken', durable: true, exclusive: false, autoDelete: true };
    await transport.declare({ exchanges: [], queues: [queue], bindings: [] });
    await expect(worker.addConsumer('taken')).rejects.toMatchObject({ replyCode: 406 });
    fixture.send('a');
    await fixture.begun(1);
    expect(worker.isReady).toBe(true);
  });

  it('can be one less: what was delivered is run and settled, what comes stays, also after a loss', async () => {
    const { worker, transport } = fixture;
    await worker.addConsumer('extra');
    sendTo('extra', 'before');
    await fixture.begun(1);
    await worker.cancelConsumer('extra');
    sendTo('extra', 'after');
    fixture.run('before').finish();
    await until(() => fixture.settled.includes('acked before'));
    transport.loseConnection();
    await until(() => worker.isReady);
    for (let turn = 0; turn < 8; turn++) await nextTurn();
    expect([fixture.runs.length, transport.messagesIn('extra').length]).toEqual([1, 1]);
  });

  it('does not mind a queue that it never consumed', async () => {
    await fixture.worker.cancelConsumer('unknown');
    expect(fixture.worker.isReady).toBe(true);
  });

  it('cannot be changed before the worker runs, nor after', async () => {
    const idle = new WorkerFixture();
    await expect(idle.worker.addConsumer('extra')).rejects.toThrow(IllegalStateError);
    await idle.worker.stop();
    await expect(idle.worker.addConsumer('extra')).rejects.toThrow('worker w1@host is stopped');
    await expect(idle.worker.cancelConsumer('extra')).rejects.toThrow(IllegalStateError);
  });
});
