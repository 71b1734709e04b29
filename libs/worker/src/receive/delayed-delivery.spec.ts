import { OperationalError, type Transport } from '@celeriac/amqp-transport';
import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { delayedDeliveryBindingForQueue, delayedDeliveryTopology } from '@celeriac/protocol';
import { RecordingLogger } from '@celeriac/testing';
import { CallPublisher } from '../settle/call-publisher.ts';
import { deliveryOfCall } from '../testing/received-task.ts';
import { WorkerSignals } from '../worker-signals.ts';
import { DelayedDelivery } from './delayed-delivery.ts';

const shop = { name: 'shop', durable: true, exclusive: false, autoDelete: false };

describe('DelayedDelivery, of a user that may not declare', () => {
  const refused = new OperationalError('ERR_CHANNEL_CLOSED', 'ACCESS_REFUSED', { replyCode: 403 });
  let transport: InMemoryTransport;
  let delayed: DelayedDelivery;

  beforeEach(async () => {
    transport = new InMemoryTransport();
    await transport.declare({ exchanges: [], queues: [shop], bindings: [] });
    const logger = new RecordingLogger();
    const publisher = new CallPublisher(transport, new WorkerSignals(), logger);
    const restricted = { declare: () => Promise.reject(refused) } as unknown as Transport;
    delayed = new DelayedDelivery({ transport: restricted, publisher, queueType: 'classic', logger });
  });

  it('hands messages to the queues that an operator has declared', async () => {
    await transport.declare(delayedDeliveryTopology('classic'));
    await transport.declare(delayedDeliveryBindingForQueue('shop'));
    const delivery = deliveryOfCall();
    await expect(delayed.delay(delivery, 5000)).resolves.toBe(true);
    expect(delivery.settlement).toBe('ack');
    expect(transport.messagesIn('celery_delayed_2')).toHaveLength(1);
  });

  it('leaves a message to the worker when nobody has declared them', async () => {
    const delivery = deliveryOfCall();
    await expect(delayed.delay(delivery, 5000)).resolves.toBe(false);
    expect(delivery.isSettled).toBe(false);
  });
});
