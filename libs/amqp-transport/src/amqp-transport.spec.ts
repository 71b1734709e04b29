import { ScriptedPeer, until } from '@celeriac/testing';
import { AmqpTransport } from './amqp-transport.ts';
import type { PublishMessage } from './message-publisher.ts';
import type { Topology } from './topology.ts';

const topology: Topology = {
  exchanges: [],
  queues: [{ name: 'q', durable: true, exclusive: false, autoDelete: false }],
  bindings: [],
};

const message: PublishMessage = {
  exchange: '',
  routingKey: 'q',
  properties: {},
  headers: {},
  body: Buffer.from('[]'),
  mandatory: true,
};

describe('AmqpTransport', () => {
  let peer: ScriptedPeer;
  let transport: AmqpTransport;

  beforeEach(async () => {
    peer = await ScriptedPeer.listen();
    transport = new AmqpTransport({ brokerUrl: peer.url, name: 'spec' });
  });

  afterEach(async () => {
    await transport.close();
    await peer.close();
  });

  const consume = () =>
    transport.consume({ queues: ['q'], topology, prefetchCount: 1, onDelivery: () => undefined });

  it('refuses a broker URL that is not one, before any I/O', () => {
    expect(() => new AmqpTransport({ brokerUrl: 'http://rabbit', name: 'spec' })).toThrow(
      expect.objectContaining({ code: 'ERR_IMPROPERLY_CONFIGURED' }) as Error,
    );
  });

  it('opens no connection before it is needed', () => {
    expect(transport.isConnected).toBe(true);
    expect(peer.connections).toHaveLength(0);
  });

  it('consumes on one connection and publishes on another', async () => {
    const consumer = consume();
    expect(transport.isConnected).toBe(false);
    await consumer.whenConsuming();
    expect(transport.isConnected).toBe(true);
    const publisher = transport.publisher({ confirm: true });
    await publisher.publish(message);
    const [consumed] = peer.saidBy('basic.consume');
    const [published] = peer.saidBy('basic.publish');
    expect(consumed?.connection).not.toBe(published?.connection);
    expect(peer.connections).toHaveLength(2);
    await Promise.all([consumer.close(), publisher.close()]);
  });

  it('shares the publishing connection between publishers and declarations', async () => {
    const publishers = [transport.publisher({ confirm: true }), transport.publisher({ confirm: false })];
    await Promise.all(publishers.map((publisher) => publisher.publish(message)));
    await transport.declare(topology);
    expect(peer.saidBy('queue.declare')).toMatchObject([{ queue: 'q' }]);
    expect(peer.connections).toHaveLength(1);
    await Promise.all(publishers.map((publisher) => publisher.close()));
  });

  it('tells that it is not connected while one of its connections is away', async () => {
    const consumer = consume();
    await consumer.whenConsuming();
    await transport.publisher({ confirm: true }).publish(message);
    peer.saidBy('basic.consume')[0]?.connection.cut();
    await until(() => !transport.isConnected);
    await consumer.whenConsuming();
    expect(transport.isConnected).toBe(true);
  });

  it('refuses a declaration while there is no connection', async () => {
    await expect(transport.declare(topology)).rejects.toMatchObject({ code: 'ERR_CONNECTION_CLOSED' });
  });

  it('closes both connections, and can be closed twice', async () => {
    await consume().whenConsuming();
    await transport.publisher({ confirm: true }).publish(message);
    await Promise.all([transport.close(), transport.close()]);
    await until(() => peer.openConnections.length === 0);
    expect(peer.saidBy('connection.close')).toHaveLength(2);
    expect(() => consume()).toThrow(expect.objectContaining({ code: 'ERR_ILLEGAL_STATE' }) as Error);
  });
});
