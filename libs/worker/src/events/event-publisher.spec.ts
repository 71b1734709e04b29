import { OperationalError, type PublishMessage } from '@celeriac/amqp-transport';
import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { RecordingLogger, until } from '@celeriac/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { eventMessage } from './event-message.ts';
import { EventPublisher } from './event-publisher.ts';

function messages(count: number): PublishMessage[] {
  return Array.from({ length: count }, (_, n) => eventMessage('celeryev', 'task.multi', 'w1@host', `[${n}]`));
}

describe('EventPublisher', () => {
  let transport: InMemoryTransport;
  let publisher: EventPublisher;
  let logger: RecordingLogger;
  let openCount: number;

  beforeEach(() => {
    transport = new InMemoryTransport();
    logger = new RecordingLogger();
    openCount = 0;
    publisher = new EventPublisher({
      transport,
      exchange: 'celeryev',
      logger,
      onOpen: () => openCount++,
      onLost: () => undefined,
    });
  });

  afterEach(() => publisher.close());

  function published(): number {
    return transport.published.length;
  }

  it('sends transient messages of JSON, which nobody need want', async () => {
    publisher.open();
    await until(() => publisher.isOpen);
    for (const message of messages(1)) publisher.send(message);
    await until(() => published() === 1);

    expect(transport.published[0]).toMatchObject({
      exchange: 'celeryev',
      routingKey: 'task.multi',
      properties: { contentType: 'application/json', contentEncoding: 'utf-8', deliveryMode: 1, priority: 0 },
      headers: { hostname: 'w1@host' },
    });
    expect(() => {
      transport.broker.declare(
        {
          exchanges: [{ name: 'celeryev', type: 'topic', durable: true, autoDelete: false }],
          queues: [],
          bindings: [],
        },
        transport,
      );
    }).not.toThrow();
  });

  it('does nothing before it is opened, nor after it is closed', async () => {
    const [message] = messages(1);
    if (message !== undefined) publisher.send(message);
    publisher.open();
    publisher.open();
    await until(() => publisher.isOpen);
    await publisher.close();
    await publisher.close();
    if (message !== undefined) publisher.send(message);
    await nextTurn();

    expect([published(), openCount]).toEqual([0, 1]);
  });

  it('keeps 500 until the broker is there, and counts what is lost', async () => {
    transport.disconnect();
    publisher.open();
    for (const message of messages(800)) publisher.send(message);
    transport.reconnect();
    await until(() => published() === 500);
    await nextTurn();

    expect([published(), openCount]).toEqual([500, 1]);
    expect(logger.fieldsOf('messages of events were lost meanwhile')).toEqual([{ count: 300 }]);
  });

  it('lets no more wait while the broker blocks publishers, and goes on afterwards', async () => {
    publisher.open();
    await until(() => publisher.isOpen);
    transport.setBlocked(true);
    for (const message of messages(800)) publisher.send(message);
    transport.setBlocked(false);
    await until(() => published() === 500);
    for (const message of messages(1)) publisher.send(message);
    await until(() => published() === 501);

    expect(openCount).toBe(1);
  });

  it('sends nothing again that went with the connection', async () => {
    publisher.open();
    await until(() => publisher.isOpen);
    for (const message of messages(3)) publisher.send(message);
    transport.loseConnection();
    await until(() => openCount === 2);
    for (const message of messages(1)) publisher.send(message);
    await until(() => published() === 1);

    expect(logger.fieldsOf('messages of events were lost meanwhile')).toEqual([{ count: 3 }]);
  });

  it('goes on after a message that the broker or a receiver’s queue does not take', async () => {
    publisher.open();
    await until(() => publisher.isOpen);
    transport.refusePublishes(() => new OperationalError('ERR_PUBLISH_REFUSED', 'nack'));
    for (const message of messages(1)) publisher.send(message);
    await nextTurn();
    await nextTurn();
    transport.refusePublishes(undefined);
    for (const message of messages(1)) publisher.send(message);
    await until(() => published() === 1);

    expect([publisher.isOpen, openCount]).toEqual([true, 1]);
  });

  it('says so, and is closed at once, where the exchange is another’s', async () => {
    transport.broker.declare(
      {
        exchanges: [{ name: 'celeryev', type: 'direct', durable: true, autoDelete: false }],
        queues: [],
        bindings: [],
      },
      transport,
    );
    publisher.open();
    await until(() => logger.fieldsOf('events cannot be sent').length === 1);
    await publisher.close();

    expect(publisher.isOpen).toBe(false);
    expect(logger.fieldsOf('events cannot be sent')).toMatchObject([
      { exchange: 'celeryev', reason: expect.stringContaining('PRECONDITION_FAILED') as string },
    ]);
  });
});
