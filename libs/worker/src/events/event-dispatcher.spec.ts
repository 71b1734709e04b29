import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { RecordingLogger, until } from '@celeriac/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EventDispatcher } from './event-dispatcher.ts';
import { EventPublisher } from './event-publisher.ts';

describe('EventDispatcher', () => {
  let transport: InMemoryTransport;
  let publisher: EventPublisher;
  let dispatcher: EventDispatcher;
  let now = 1_795_344_396_000;
  const logger = new RecordingLogger();

  beforeEach(async () => {
    transport = new InMemoryTransport();
    const nothing = (): void => undefined;
    publisher = new EventPublisher({
      transport,
      exchange: 'celeryev',
      logger,
      onOpen: nothing,
      onLost: nothing,
    });
    dispatcher = new EventDispatcher({
      publisher,
      exchange: 'celeryev',
      nodeName: 'w1@host',
      clock: { now: () => now },
      logger,
    });
    publisher.open();
    await until(() => publisher.isOpen);
  });

  afterEach(() => publisher.close());

  function texts(): string[] {
    return transport.published.map(({ body }) => body.toString());
  }

  it('writes the fields in the order of the wire, and floats as floats', async () => {
    const offset = Math.floor(new Date(now).getTimezoneOffset() / 60);
    dispatcher.send('worker-online', { freq: 2, gone: undefined });
    now += 250;
    dispatcher.send('worker-offline', {});
    await until(() => transport.published.length === 2);

    const common = `{"hostname": "w1@host", "utcoffset": ${offset}, "pid": ${process.pid}, "clock":`;
    expect(texts()).toEqual([
      `${common} 1, "freq": 2, "timestamp": 1795344396.0, "type": "worker-online"}`,
      `${common} 2, "timestamp": 1795344396.25, "type": "worker-offline"}`,
    ]);
    expect(transport.published.map(({ exchange, routingKey }) => [exchange, routingKey])).toEqual([
      ['celeryev', 'worker.online'],
      ['celeryev', 'worker.offline'],
    ]);
  });

  it.each([
    ['Madrid in summer', -120, -2],
    ['New York in winter', 300, 5],
    ['Kolkata', -330, -6],
  ])(
    'has the offset of %s with the sign of C, in whole hours as Python divides',
    async (_place, minutes, hours) => {
      jest.spyOn(Date.prototype, 'getTimezoneOffset').mockReturnValueOnce(minutes);
      dispatcher.send('worker-online', {});
      await until(() => transport.published.length === 1);

      expect(texts()[0]).toContain(`"utcoffset": ${hours},`);
    },
  );

  it('sends those of one turn together, at most 24 in a message', async () => {
    for (let each = 0; each < 50; each++) dispatcher.sendInGroup('task-started', { uuid: String(each) });
    await until(() => transport.published.length === 3);
    dispatcher.sendInGroup('task-started', { uuid: 'next' });
    await until(() => transport.published.length === 4);

    const groups = texts().map((text) => JSON.parse(text) as { uuid: string; clock: number }[]);
    expect(groups.map((group) => group.length)).toEqual([24, 24, 2, 1]);
    expect(groups.flat().map(({ uuid }) => uuid)).toEqual([
      ...Array.from({ length: 50 }, (_, n) => String(n)),
      'next',
    ]);
    expect(groups.flat().map(({ clock }) => clock)).toEqual(Array.from({ length: 51 }, (_, n) => n + 1));
    expect(texts()[2]).toMatch(/^\[\{.*\}, \{.*\}\]$/);
    expect(new Set(transport.published.map(({ routingKey }) => routingKey))).toEqual(new Set(['task.multi']));
  });

  it('sends what waits at once when it is told to', async () => {
    dispatcher.sendInGroup('task-started', { uuid: 'a' });
    dispatcher.flush();
    dispatcher.flush();
    await nextTurn();
    await nextTurn();

    expect(transport.published).toHaveLength(1);
  });

  it('logs an event that cannot be written, and goes on', async () => {
    dispatcher.sendInGroup('task-started', { uuid: Symbol('none') });
    dispatcher.sendInGroup('task-started', { uuid: 'b' });
    await until(() => transport.published.length === 1);

    expect(texts()[0]).toContain('"uuid": "b"');
    expect(logger.fieldsOf('event cannot be written')).toMatchObject([{ event: 'task-started' }]);
  });
});
