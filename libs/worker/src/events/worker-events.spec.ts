import { OperationalError } from '@celeriac/amqp-transport';
import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { until } from '@celeriac/testing';
import { WorkerFixture } from '../testing/worker-fixture.ts';
import type { WorkerSettings } from '../worker-settings.ts';

type Event = Readonly<Record<string, unknown>> & { readonly type: string };

describe('a worker that sends events', () => {
  let fixture: WorkerFixture;

  async function started(settings: Partial<WorkerSettings>): Promise<WorkerFixture> {
    fixture = new WorkerFixture({ settings });
    return fixture.start();
  }

  function events(): Event[] {
    return fixture.transport.published
      .filter(({ exchange }) => exchange === 'celeryev')
      .flatMap(({ body }) => JSON.parse(body.toString()) as Event | Event[]);
  }

  const types = (): string[] => events().map(({ type }) => type);
  const typesOf = (id: string): string[] =>
    events()
      .filter(({ uuid }) => uuid === id)
      .map(({ type }) => type);

  async function runs(...ids: string[]): Promise<void> {
    const before = fixture.runs.length;
    fixture.send(...ids);
    await fixture.begun(before + ids.length);
    for (const id of ids) fixture.run(id).finish();
    await until(() => fixture.worker.isIdle);
  }

  afterEach(() => fixture.worker.stop({ mode: 'cold' }));

  describe('of its own', () => {
    it('says that it is online, beats, and says that it goes, last of all', async () => {
      await started({ workerHeartbeatIntervalMs: 10 });
      await until(() => types().length >= 3);
      await runs('a');
      await fixture.worker.stop();

      const [first, second] = events();
      const last = events().at(-1);
      expect(first).toMatchObject({ type: 'worker-online', hostname: 'w1@host', processed: 0, active: 0 });
      expect(second).toMatchObject({ type: 'worker-heartbeat', freq: 0.01 });
      expect(last).toMatchObject({ type: 'worker-offline', processed: 1, active: 0, sw_ident: 'celeriac' });
      expect(Object.keys(first ?? {}).join()).toBe(
        'hostname,utcoffset,pid,clock,freq,active,processed,loadavg,sw_ident,sw_ver,sw_sys,timestamp,type',
      );
      const { journal } = fixture.transport;
      expect(journal.of('confirmed').at(-1)?.message.routingKey).toBe('worker.offline');
    });

    it('counts the tasks that run', async () => {
      await started({ workerHeartbeatIntervalMs: 5 });
      fixture.send('a', 'b');
      await fixture.begun(2);
      await until(() => events().some(({ active }) => active === 2));

      expect(events().find(({ active }) => active === 2)).toMatchObject({ processed: 2 });
    });

    it('writes its floats as floats', async () => {
      await started({ workerHeartbeatIntervalMs: 2000 });
      await until(() => types().length === 1);

      const text = fixture.transport.published[0]?.body.toString();
      expect(text).toMatch(/"freq": 2\.0, .*"loadavg": \[(\d+\.\d{1,2}(, )?){3}\], /);
    });

    it('does not keep the process alive', async () => {
      const timers = (): number =>
        process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
      const before = timers();
      await started({ workerHeartbeatIntervalMs: 60_000 });
      await until(() => types().length === 1);

      expect(timers()).toBe(before);
    });

    it('is silent about its tasks without task events, for which nobody listens then', async () => {
      await started({ workerHeartbeatIntervalMs: 60_000 });
      await runs('a');
      await fixture.worker.stop();

      expect(types()).toEqual(['worker-online', 'worker-offline']);
      const listened = Object.values(fixture.worker.signals).filter(({ hasReceivers }) => hasReceivers);
      expect(listened).toEqual([]);
    });
  });

  it('sends none, and declares nothing for them, where neither is on', async () => {
    await started({});
    await runs('a');
    await fixture.worker.stop();

    expect(events()).toEqual([]);
    expect(() => fixture.transport.broker.route(messageTo('celeryev'))).toThrow('no exchange');
  });

  describe('of its tasks', () => {
    it('tells what becomes of each, in order', async () => {
      await started({ workerSendTaskEvents: true });
      fixture.send('good', 'bad');
      await fixture.begun(2);
      fixture.run('good').finish('fine');
      fixture.run('bad').fail(new TypeError('no'));
      await fixture.worker.stop();

      expect(typesOf('good')).toEqual(['task-received', 'task-started', 'task-succeeded']);
      expect(typesOf('bad')).toEqual(['task-received', 'task-started', 'task-failed']);
      expect(types()).not.toContain('worker-online');
      expect(events().find(({ type }) => type === 'task-succeeded')).toMatchObject({ result: "'fine'" });
      expect(events().find(({ type }) => type === 'task-failed')).toMatchObject({
        exception: "TypeError('no')",
        traceback: expect.stringContaining('TypeError: no') as string,
      });
    });

    it('tells of those that are given up at a cold stop', async () => {
      await started({ workerSendTaskEvents: true });
      fixture.send('a');
      await fixture.begun(1);
      await fixture.worker.stop({ mode: 'cold' });

      expect(typesOf('a')).toEqual(['task-received', 'task-started', 'task-cancelled']);
    });

    it('tells of those that came before it had a connection to publish', async () => {
      fixture = new WorkerFixture({ settings: { workerSendTaskEvents: true } });
      fixture.send('early');
      const starting = fixture.worker.start();
      await starting;
      await fixture.begun(1);
      fixture.run('early').finish();
      await fixture.worker.stop();

      expect(typesOf('early')).toEqual(['task-received', 'task-started', 'task-succeeded']);
    });

    it('starts and ends to tell while it runs, also where they are on by its settings', async () => {
      await started({});
      const { events: tasks } = fixture.worker;
      await runs('unheard');
      expect([tasks.enable(), tasks.enable(), tasks.isEnabled]).toEqual([true, false, true]);
      await runs('heard');
      await until(() => typesOf('heard').length === 3);
      expect([tasks.disable(), tasks.disable(), tasks.isEnabled]).toEqual([true, false, false]);
      await runs('unheard again');
      await fixture.worker.stop();
      expect(new Set(events().map(({ uuid }) => uuid))).toEqual(new Set(['heard']));

      await started({ workerSendTaskEvents: true });
      fixture.worker.events.disable();
      await runs('silenced');
      await fixture.worker.stop();
      expect(events()).toEqual([]);
    });
  });

  describe('while the broker is away', () => {
    it('runs and settles as ever, and says that it is online when there is a connection again', async () => {
      await started({ workerHeartbeatIntervalMs: 5, workerSendTaskEvents: true, taskAcksLate: false });
      fixture.send('a');
      await fixture.begun(1);
      await until(() => types().includes('worker-heartbeat'));
      const declare = jest.spyOn(fixture.transport, 'declare');
      fixture.transport.disconnect();
      const before = events().length;
      fixture.run('a').finish();
      await until(() => fixture.worker.isIdle);
      await until(() => declare.mock.calls.length > 0); // it has noticed
      expect(events()).toHaveLength(before);

      fixture.transport.reconnect();
      await until(() => types().filter((type) => type === 'worker-online').length === 2);
      await runs('b');
      await until(() => typesOf('b').includes('task-succeeded'));
      expect(fixture.results).toMatchObject([{ id: 'a' }, { id: 'b' }]);
    });

    it('is stopped without waiting for it', async () => {
      await started({ workerHeartbeatIntervalMs: 60_000, workerSendTaskEvents: true });
      await until(() => types().length === 1);
      fixture.transport.disconnect();
      await fixture.worker.stop();

      expect(fixture.worker.state).toBe('stopped');
    });
  });

  it('declares its exchange anew when it has gone', async () => {
    await started({ workerHeartbeatIntervalMs: 5 });
    await until(() => types().includes('worker-heartbeat'));
    let refusals = 0;
    fixture.transport.refusePublishes(() => {
      refusals++;
      fixture.transport.refusePublishes(undefined);
      return new OperationalError('ERR_PUBLISH_REFUSED', 'NOT_FOUND - no exchange', { replyCode: 404 });
    });
    await until(() => types().filter((type) => type === 'worker-online').length === 2);

    expect(refusals).toBe(1);
  });

  it('leaves it for a while where the broker does not let it', async () => {
    await started({ workerHeartbeatIntervalMs: 5, workerSendTaskEvents: true });
    await until(() => types().includes('worker-heartbeat'));
    const count = events().length;
    fixture.transport.refusePublishes(({ exchange }) =>
      exchange === ''
        ? undefined
        : new OperationalError('ERR_PUBLISH_REFUSED', 'ACCESS_REFUSED', { replyCode: 403 }),
    );
    await until(() => fixture.logger.fieldsOf('events cannot be sent').length === 1);
    await runs('a');
    await until(() => fixture.settled.length === 1);

    expect(fixture.settled).toEqual(['acked a']);
    expect(events()).toHaveLength(count);
    expect(fixture.logger.fieldsOf('events cannot be sent')).toMatchObject([
      { exchange: 'celeryev', reason: 'ACCESS_REFUSED' },
    ]);
  });

  it('sends to the exchange that it is told', async () => {
    await started({ workerHeartbeatIntervalMs: 60_000, eventExchange: 'my-events' });
    await until(() => fixture.transport.published.length === 1);

    expect(fixture.transport.published[0]).toMatchObject({
      exchange: 'my-events',
      routingKey: 'worker.online',
    });
  });

  it.each<Partial<WorkerSettings>>([{ eventSerializer: 'msgpack' }, { workerHeartbeatIntervalMs: -1 }])(
    'is not made with %p',
    (settings) => {
      expect(() => new WorkerFixture({ settings })).toThrow(ImproperlyConfiguredError);
    },
  );
});

function messageTo(exchange: string) {
  return { exchange, routingKey: 'k', properties: {}, headers: {}, body: Buffer.from(''), mandatory: false };
}
