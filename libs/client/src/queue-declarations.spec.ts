import { OperationalError, type Topology } from '@celeriac/amqp-transport';
import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { IllegalStateError, silentLogger } from '@celeriac/primitives';
import { taskQueueTopology, type Declaration } from '@celeriac/protocol';
import { RpcReplyQueue } from '@celeriac/result-backend';
import { until } from '@celeriac/testing';
import { QueueDeclarations, type QueueDeclarationsOptions } from './queue-declarations.ts';

function createDeclarations(options: Partial<QueueDeclarationsOptions> = {}) {
  const transport = new InMemoryTransport();
  const declare = jest.spyOn(transport, 'declare');
  const declarations = new QueueDeclarations({
    transport,
    replies: undefined,
    timeoutMs: 60_000,
    failFast: false,
    ...options,
  });
  /** Names of the queues that were declared, in order, refused declarations included. */
  const declared = (): string[] =>
    declare.mock.calls.flatMap(([{ queues }]: [Topology]) => queues.map(({ name }) => name));
  return { transport, declarations, declare, declared };
}

function replyQueue(transport: InMemoryTransport): RpcReplyQueue {
  return new RpcReplyQueue({
    transport,
    name: 'replies',
    resultExpiresMs: 1000,
    logger: silentLogger,
    onResult: () => undefined,
  });
}

const queueNamed = (name: string): Declaration => ({ name, topology: () => taskQueueTopology([name]) });

describe('QueueDeclarations', () => {
  it('declares a queue as Celery does: with an exchange of its name, durable, and a binding', async () => {
    const { declarations, declare } = createDeclarations();
    await declarations.declare(queueNamed('addition'));
    expect(declare.mock.calls).toEqual([
      [
        {
          exchanges: [{ name: 'addition', type: 'direct', durable: true, autoDelete: false }],
          queues: [{ name: 'addition', durable: true, exclusive: false, autoDelete: false }],
          bindings: [{ queue: 'addition', exchange: 'addition', routingKey: 'addition' }],
        },
      ],
    ]);
    expect([declarations.has(queueNamed('addition')), declarations.has(queueNamed('division'))]).toEqual([
      true,
      false,
    ]);
  });

  it('declares once for all who ask at the same time, and again once it is forgotten', async () => {
    const { declarations, declared } = createDeclarations();
    await Promise.all(['a', 'b', 'a'].map((queue) => declarations.declare(queueNamed(queue))));
    expect(declared()).toEqual(['a', 'b']);
    declarations.forget(queueNamed('a'));
    expect([declarations.has(queueNamed('a')), declarations.has(queueNamed('b'))]).toEqual([false, true]);
    await declarations.declare(queueNamed('a'));
    expect(declared()).toEqual(['a', 'b', 'a']);
  });

  it('fails for all who ask when the broker refuses, and asks it anew the next time', async () => {
    const { transport, declarations, declared } = createDeclarations();
    await transport.declare({
      exchanges: [],
      queues: [{ name: 'a', durable: false, exclusive: false, autoDelete: false }],
      bindings: [],
    });
    const refused = await Promise.allSettled([
      declarations.declare(queueNamed('a')),
      declarations.declare(queueNamed('a')),
    ]);
    for (const outcome of refused)
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code: 'ERR_CHANNEL_CLOSED', replyCode: 406 },
      });
    expect(declarations.has(queueNamed('a'))).toBe(false);
    transport.broker.deleteQueue('a');
    await declarations.declare(queueNamed('a'));
    expect(declared()).toEqual(['a', 'a', 'a']);
  });

  it('takes the queue for declared where its user may not declare it, and asks again once it is forgotten', async () => {
    const { declarations, declare, declared } = createDeclarations({ failFast: true });
    declare.mockRejectedValue(
      new OperationalError('ERR_CHANNEL_CLOSED', 'ACCESS_REFUSED', { replyCode: 403 }),
    );
    await declarations.declare(queueNamed('a'));
    expect(declarations.has(queueNamed('a'))).toBe(true);
    declarations.forget(queueNamed('a'));
    await declarations.declareAhead([queueNamed('a')]);
    expect(declared()).toEqual(['a', 'a']);
  });

  describe('while the broker is away', () => {
    it('waits for it', async () => {
      const { transport, declarations } = createDeclarations();
      transport.disconnect();
      const declaring = declarations.declare(queueNamed('a'));
      transport.reconnect();
      await declaring;
      expect(transport.broker.queueNames).toEqual(['a']);
    });

    it('waits when the connection was lost under the declaration', async () => {
      const { transport, declarations, declare, declared } = createDeclarations();
      declare.mockImplementationOnce(() => {
        transport.disconnect();
        return Promise.reject(new OperationalError('ERR_CHANNEL_CLOSED', 'Channel closed'));
      });
      const declaring = declarations.declare(queueNamed('a'));
      await until(() => declared().length === 1);
      transport.reconnect();
      await declaring;
      expect(declarations.has(queueNamed('a'))).toBe(true);
    });

    it('gives up after its time', async () => {
      const { transport, declarations, declared } = createDeclarations({ timeoutMs: 5 });
      transport.disconnect();
      await expect(declarations.declare(queueNamed('a'))).rejects.toMatchObject({
        code: 'ERR_PUBLISH_TIMEOUT',
        recoverable: true,
        message: 'the broker could not be reached in 5 ms; nothing was sent',
      });
      // nobody wants it any more: it is not asked for again, as one is that someone waits for
      const patient = new QueueDeclarations({
        transport,
        replies: undefined,
        timeoutMs: 60_000,
        failFast: false,
      });
      const declaring = patient.declare(queueNamed('b'));
      await until(() => declared().filter((queue) => queue === 'b').length === 3);
      expect(declared().filter((queue) => queue === 'a')).toHaveLength(1);
      transport.reconnect();
      await declaring;
    });

    it('rejects at once when it is to fail fast', async () => {
      const { transport, declarations, declared } = createDeclarations({ failFast: true });
      transport.disconnect();
      await expect(declarations.declare(queueNamed('a'))).rejects.toMatchObject({
        code: 'ERR_CONNECTION_CLOSED',
      });
      expect(declared()).toEqual(['a']);
    });
  });

  describe('with a reply queue', () => {
    function withReplies(failFast: boolean) {
      const transport = new InMemoryTransport();
      transport.disconnect();
      const replies = replyQueue(transport);
      const declarations = new QueueDeclarations({ transport, replies, timeoutMs: 60_000, failFast });
      const declare = jest.spyOn(transport, 'declare');
      return { transport, replies, declarations, declare };
    }

    it('waits until that is consumed before it declares anything', async () => {
      const { transport, replies, declarations, declare } = withReplies(false);
      let wasConsuming: boolean | undefined;
      declare.mockImplementationOnce(() => {
        wasConsuming = replies.isConsuming;
        return Promise.resolve();
      });
      const declaring = declarations.declare(queueNamed('a'));
      expect(declare).not.toHaveBeenCalled();
      transport.reconnect();
      await declaring;
      expect(wasConsuming).toBe(true);
    });

    it('rejects at once, with nothing declared, when it is to fail fast', async () => {
      const { declarations, declare } = withReplies(true);
      await expect(declarations.declare(queueNamed('a'))).rejects.toMatchObject({
        code: 'ERR_CONNECTION_CLOSED',
        message: 'not connected to the broker yet; nothing was sent',
      });
      expect(declare).not.toHaveBeenCalled();
    });

    it('does not wait for it again once it exists', async () => {
      const { transport, replies, declarations } = withReplies(false);
      transport.reconnect();
      await declarations.connected();
      await replies.close();
      await declarations.declare(queueNamed('a'));
      expect(transport.broker.queueNames).toContain('a');
    });
  });

  it.each([true, false])('is connected once the broker is there (failFast %s)', async (failFast) => {
    const { transport, declarations, declared } = createDeclarations({ failFast });
    transport.disconnect();
    let isConnected = false;
    const connecting = declarations.connected().then(() => (isConnected = true));
    await until(() => transport.journal.of('disconnected').length === 1);
    expect(isConnected).toBe(false);
    transport.reconnect();
    await connecting;
    expect(declared()).toEqual([]);
  });

  it.each([true, false])(
    'declares ahead once the broker is there, and not again (failFast %s)',
    async (failFast) => {
      const { transport, declarations, declared } = createDeclarations({ failFast });
      transport.disconnect();
      const ahead = declarations.declareAhead(['a', 'b'].map(queueNamed));
      transport.reconnect();
      await ahead;
      expect([
        declarations.has(queueNamed('a')),
        declarations.has(queueNamed('b')),
        declarations.has(queueNamed('c')),
      ]).toEqual([true, true, false]);
      expect(declared().slice(-2)).toEqual(['a', 'b']);
    },
  );

  it('declares nothing ahead for a closed client, nor for one that is closed meanwhile', async () => {
    const { transport, declarations } = createDeclarations();
    transport.disconnect();
    const ahead = declarations.declareAhead([queueNamed('a')]);
    declarations.close(new IllegalStateError('the client was closed'));
    await expect(ahead).rejects.toThrow('not connected');
    await expect(declarations.declareAhead([queueNamed('a')])).rejects.toThrow('the client was closed');
    expect(declarations.has(queueNamed('a'))).toBe(false);
  });

  it('fails all who wait when it is closed, and all who come later', async () => {
    const { transport, declarations } = createDeclarations();
    transport.disconnect();
    const waits = [declarations.declare(queueNamed('a')), declarations.connected()];
    const closed = new IllegalStateError('the client was closed');
    declarations.close(closed);
    for (const wait of waits) await expect(wait).rejects.toBe(closed);
    await expect(declarations.declare(queueNamed('b'))).rejects.toBe(closed);
    await expect(declarations.connected()).rejects.toBe(closed);
  });
});
