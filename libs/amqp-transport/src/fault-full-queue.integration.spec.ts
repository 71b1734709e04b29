import { until } from '@celeriac/testing';
import { randomUUID } from 'node:crypto';
import { AmqpTransport } from './amqp-transport.ts';
import type { Delivery } from './delivery.ts';
import type { PublishMessage } from './message-publisher.ts';
import { OperationalError } from './operational-error.ts';
import type { Topology } from './topology.ts';

const limit = 5;

describe('a queue that is full, and rejects what is published to it', () => {
  const queue = `celeriac-spec-${randomUUID()}`;
  const topology: Topology = {
    exchanges: [],
    queues: [
      {
        name: queue,
        durable: true,
        exclusive: false,
        autoDelete: false,
        arguments: { 'x-max-length': limit, 'x-overflow': 'reject-publish' },
      },
    ],
    bindings: [],
  };
  let transport: AmqpTransport;

  beforeEach(() => {
    const brokerUrl = process.env['CELERIAC_TEST_BROKER_URL'];
    if (brokerUrl === undefined) throw new Error('CELERIAC_TEST_BROKER_URL is unset; run `npm test`');
    transport = new AmqpTransport({ brokerUrl, name: 'full queue spec' });
  });

  afterEach(() => transport.close());

  const message = (id: string): PublishMessage => ({
    exchange: '',
    routingKey: queue,
    properties: { correlationId: id, deliveryMode: 2 },
    headers: { id },
    body: Buffer.from('[]'),
    mandatory: true,
  });

  it('has the publisher told of each message it does not take, and takes more once there is room', async () => {
    const publisher = transport.publisher({ confirm: true });
    await until(() => transport.isConnected);
    await transport.declare(topology);
    const ids = Array.from({ length: 4 * limit }, (_, at) => String(at));
    const outcomes = await Promise.allSettled(ids.map((id) => publisher.publish(message(id))));
    const taken = ids.filter((_id, at) => outcomes[at]?.status === 'fulfilled');
    // a classic queue sees that it is full when it has the message: a few more than its limit may be in at once
    expect(taken.length).toBeGreaterThanOrEqual(limit);
    expect(taken.length).toBeLessThan(ids.length);
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      expect(outcome.reason).toBeInstanceOf(OperationalError);
      expect(outcome.reason).toMatchObject({ code: 'ERR_PUBLISH_REFUSED' });
      expect(String(outcome.reason)).toContain(queue);
    }

    const arrived: string[] = [];
    const consumer = transport.consume({
      queues: [queue],
      topology,
      prefetchCount: 1,
      onDelivery: (delivery: Delivery) => {
        arrived.push(String(delivery.headers['id']));
        delivery.ack();
      },
    });
    await until(() => arrived.length === taken.length, { timeoutMs: 10_000 });
    await publisher.publish(message('once more'));
    await until(() => arrived.length === taken.length + 1, { timeoutMs: 10_000 });
    expect(arrived).toEqual([...taken, 'once more']); // and none that was refused
    await publisher.close();
    await consumer.close({ deleteQueues: true });
  });
});
