import { encodeTaskMessage, type OutgoingMessage } from '@celeriac/protocol';
import { until } from '@celeriac/testing';
import { WorkerFixture } from './testing/worker-fixture.ts';
import type { WorkerSettings } from './worker-settings.ts';

const ids = Array.from({ length: 12 }, (_, index) => `task ${String(index)}`);
const text = 'x'.repeat(1000);

describe('Worker, when messages take more memory than they may', () => {
  let fixture: WorkerFixture;

  async function started(settings: Partial<WorkerSettings>): Promise<WorkerFixture> {
    fixture = await new WorkerFixture({ settings }).start();
    return fixture;
  }

  afterEach(() => fixture.worker.stop({ mode: 'cold' }));

  it('takes no more of them, says so once, and takes them again: each runs once', async () => {
    const { worker, logger } = await started({
      workerConcurrency: 1,
      workerPrefetchMultiplier: 12,
      maxWaitingBytes: 4000,
    });
    for (const id of ids) fixture.sendCall({ id, args: [text] });
    await fixture.begun(1);
    await until(() => !worker.isReady);
    expect(fixture.waiting.length).toBeGreaterThan(0);
    for (const [count, id] of ids.entries()) {
      await fixture.begun(count + 1);
      fixture.run(id).finish(id);
    }
    await until(() => fixture.results.length === ids.length);
    expect(fixture.runs.map(({ id }) => id)).toEqual(ids);
    expect(fixture.settled.filter((line) => line.startsWith('acked'))).toEqual(
      ids.map((id) => `acked ${id}`),
    );
    await until(() => worker.isReady);
    expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  it('hands tasks that wait for their time to the broker, and runs others meanwhile', async () => {
    await started({ workerConcurrency: 4, maxWaitingBytes: 4000 });
    const eta = new Date(Date.now() + 600_000);
    for (const id of ids) fixture.sendCall({ id, args: [text], eta });
    await until(() => fixture.worker.counts.delayed >= ids.length - 2);
    fixture.send('plain');
    await fixture.begun(1);
    fixture.run('plain').finish();
    await until(() => fixture.results.length === 1);
  });

  it('starts no more of those that are large when decoded than there is room for', async () => {
    await started({ workerConcurrency: 8, maxWaitingBytes: 100_000 });
    const many = Array.from({ length: 1500 }, () => []);
    for (const id of ['a', 'b', 'c']) fixture.sendCall({ id, args: [many] });
    await until(() => fixture.transport.journal.of('delivered').length === 3);
    expect(fixture.runs.map(({ id }) => id)).toEqual(['a', 'b']);
    fixture.run('a').finish();
    await fixture.begun(3);
    expect(fixture.run('c').context.request.args).toEqual([many]);
  });

  it.each([
    ['cannot be read', '[[1', []],
    ['is no task', '[[], []]', []],
    [
      'has kwargs of no use',
      '[[], [], {}]',
      [{ status: 'FAILURE', result: { exc_type: 'InvalidTaskError' } }],
    ],
  ])(
    'refuses a task that waited when its turn comes, as one that did not: its body %s',
    async (_, body, told) => {
      await started({ workerConcurrency: 1 });
      const message = { ...callOf('broken'), body: Buffer.from(body) };
      fixture.transport.put('shop', message);
      await until(() => fixture.settled.length === 1);
      fixture.send('first');
      await fixture.begun(1);
      fixture.transport.put('shop', message);
      await until(() => fixture.transport.journal.of('delivered').length === 3);
      expect(fixture.settled).toHaveLength(1);
      fixture.run('first').finish();
      await until(() => fixture.settled.length === 3);
      expect(fixture.settled.toSorted()).toEqual(['acked first', 'rejected broken', 'rejected broken']);
      expect(fixture.results.filter(({ status }) => status === 'FAILURE')).toMatchObject([...told, ...told]);
      expect(fixture.worker.counts.refused).toBe(2);
    },
  );
});

function callOf(id: string): OutgoingMessage {
  return encodeTaskMessage({
    name: 'work',
    id,
    args: [],
    kwargs: {},
    origin: 'spec@host',
    replyTo: 'replies',
  });
}
