import { OperationalError } from '@celeriac/amqp-transport';
import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { systemClock } from '@celeriac/primitives';
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
    delayed = new DelayedDelivery({ publisher, queueType: 'classic', clock: systemClock, logger });
  });

  it('hands messages to the queues that an operator has declared', async () => {
    await transport.declare(delayedDeliveryTopology('classic'));
    await transport.declare(delayedDeliveryBindingForQueue('shop'));
    jest.spyOn(transport, 'declare').mockRejectedValue(refused);
    const delivery = deliveryOfCall();
    await expect(delayed.delay(delivery, Date.now() + 6500)).resolves.toBe('delayed');
    expect(delivery.settlement).toBe('ack');
    expect(transport.messagesIn('celery_delayed_2')).toHaveLength(1);
  });

  it('leaves a message to the worker when nobody has declared them', async () => {
    jest.spyOn(transport, 'declare').mockRejectedValue(refused);
    const delivery = deliveryOfCall();
    await expect(delayed.delay(delivery, Date.now() + 6500)).resolves.toBe('refused');
    expect(delivery.isSettled).toBe(false);
  });
});
