import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { OperationalError } from '@celeriac/amqp-transport';
import { silentLogger } from '@celeriac/primitives';
import { RecordingLogger, until } from '@celeriac/testing';
import { CallPublisher } from '../settle/call-publisher.ts';
import { FakeDelivery } from '../testing/fake-delivery.ts';
import { WorkerSignals } from '../worker-signals.ts';
import { StartLedger } from './start-ledger.ts';

describe('StartLedger', () => {
  const transport = new InMemoryTransport();
  const logger = new RecordingLogger();
  const publisher = new CallPublisher(transport, new WorkerSignals(), silentLogger);
  const ledger = new StartLedger({ transport, publisher, nodeName: 'w1@host', logger });
  const delivery = (id: string, body = 'body', more: object = {}): FakeDelivery =>
    new FakeDelivery({ headers: { id, ...more }, body: Buffer.from(body) });

  afterAll(async () => {
    await ledger.close();
    await publisher.close();
  });

  it('counts the starts of one message, whatever else its headers say', async () => {
    expect(await ledger.count(delivery('a'))).toBe(0);
    await ledger.record(delivery('a'));
    await ledger.record(delivery('a', 'body', { retries: 7, 'x-delivery-count': -5 }));
    expect(await ledger.count(delivery('a', 'body', { task: 'other' }))).toBe(2);
    expect(await ledger.count(delivery('b'))).toBe(0);
    expect(await ledger.count(delivery('a', 'another body'))).toBe(0);
  });

  it('withdraws one start, and forgets all', async () => {
    ledger.withdraw(delivery('a'));
    await until(() => transport.messagesIn(transport.broker.queueNames[0] ?? '').length === 1);
    expect(await ledger.count(delivery('a'))).toBe(1);
    ledger.clear(delivery('a'));
    await until(() => transport.broker.queueNames.length === 0);
    expect(await ledger.count(delivery('a'))).toBe(0);
    ledger.withdraw(delivery('a')); // there is nothing, and nothing happens
  });

  it('waits for the connection', async () => {
    transport.disconnect();
    const counting = ledger.count(delivery('c'));
    const recording = ledger.record(delivery('c'));
    transport.reconnect();
    await Promise.all([counting, recording]);
    expect(await ledger.count(delivery('c'))).toBe(1);
  });

  it('counts nothing where the broker refuses, and says so once', async () => {
    const refusal = new OperationalError('ERR_CHANNEL_CLOSED', 'ACCESS_REFUSED', { replyCode: 403 });
    jest.spyOn(transport, 'countMessages').mockRejectedValue(refusal);
    jest.spyOn(transport, 'declare').mockRejectedValue(refusal);
    expect(await ledger.count(delivery('d'))).toBe(0);
    await ledger.record(delivery('d'));
    expect(logger.lines).toHaveLength(1);
    expect(logger.lines[0]).toMatchObject({ level: 'warn', fields: { reason: 'ACCESS_REFUSED' } });
  });
});
