import { OperationalError } from '@celeriac/amqp-transport';
import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { silentLogger } from '@celeriac/primitives';
import type { Declaration } from '@celeriac/protocol';
import { WorkerSignals } from '../worker-signals.ts';
import { CallPublisher } from './call-publisher.ts';

const declaration: Declaration = {
  name: 'shop',
  topology: () => ({
    exchanges: [],
    queues: [{ name: 'shop', durable: true, exclusive: false, autoDelete: false }],
    bindings: [],
  }),
};
const message = {
  exchange: '',
  routingKey: 'shop',
  properties: {},
  headers: {},
  body: Buffer.from('x'),
  mandatory: true,
};

/** How a connection is lost: with the reply code of the broker, where it gave one. */
function loss(replyCode?: number): OperationalError {
  return new OperationalError('ERR_CONNECTION_CLOSED', 'lost the connection', { replyCode });
}

describe('CallPublisher', () => {
  let transport: InMemoryTransport;
  let publisher: CallPublisher;

  beforeEach(() => {
    transport = new InMemoryTransport();
    publisher = new CallPublisher(transport, new WorkerSignals(), silentLogger);
  });

  afterEach(async () => {
    await publisher.close();
    await transport.close();
  });

  it('declares what a message needs and sends it, though the connection is lost meanwhile', async () => {
    const declare = jest.spyOn(transport, 'declare');
    for (let count = 0; count < 4; count++) declare.mockRejectedValueOnce(loss());
    expect(await publisher.send({ message, declaration })).toEqual({ kind: 'sent' });
    expect(declare).toHaveBeenCalledTimes(5);
    expect(transport.messagesIn('shop')).toHaveLength(1);
  });

  it('refuses a message when the broker closes the connection each time that its queue is declared', async () => {
    const declare = jest.spyOn(transport, 'declare').mockRejectedValue(loss(503));
    expect(await publisher.send({ message, declaration })).toMatchObject({
      kind: 'refused',
      error: { code: 'ERR_PUBLISH_REFUSED', replyCode: 503 },
    });
    expect(declare).toHaveBeenCalledTimes(3);
  });

  it('does not take a connection that an operator closes for a fault of what is declared', async () => {
    const declare = jest.spyOn(transport, 'declare');
    for (let count = 0; count < 4; count++) declare.mockRejectedValueOnce(loss(320));
    expect(await publisher.send({ message, declaration })).toEqual({ kind: 'sent' });
  });

  it('ends when it is closed while it waits for the connection', async () => {
    transport.disconnect();
    const declared = publisher.declare(declaration);
    const ready = publisher.whenReady();
    const outcomes = Promise.allSettled([declared, ready]);
    await publisher.close();
    const reason = expect.objectContaining({ code: 'ERR_CONNECTION_CLOSED' }) as unknown;
    expect(await outcomes).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
  });
});
