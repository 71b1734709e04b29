import { AmqpTransport, OperationalError, type PublishMessage } from '@celeriac/amqp-transport';

/** Deletes queues that a spec has made. */
export async function deleteQueues(brokerUrl: string, queues: readonly string[]): Promise<void> {
  const transport = new AmqpTransport({ brokerUrl, name: 'spec' });
  const consumer = transport.consume({
    queues,
    topology: { exchanges: [], queues: [], bindings: [] },
    prefetchCount: 1,
    onDelivery: () => undefined,
  });
  await consumer.whenConsuming();
  await consumer.close({ deleteQueues: true });
  await transport.close();
}

/** Whether there is a queue of this name, as a message to it finds out. */
export async function queueExists(brokerUrl: string, queue: string): Promise<boolean> {
  const transport = new AmqpTransport({ brokerUrl, name: 'spec' });
  const publisher = transport.publisher({ confirm: true });
  const probe: PublishMessage = {
    exchange: '',
    routingKey: queue,
    properties: { contentType: 'application/json' },
    headers: {},
    body: Buffer.from('null'),
    mandatory: true,
  };
  try {
    await publisher.publish(probe);
    return true;
  } catch (error) {
    if (error instanceof OperationalError && error.code === 'ERR_PUBLISH_UNROUTABLE') return false;
    throw error;
  } finally {
    await publisher.close();
    await transport.close();
  }
}
