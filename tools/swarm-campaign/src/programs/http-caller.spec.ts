import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { freePort, waitUntil } from '@celeriac/local-stack';

import { accepted, FakeProducer, problem, success, type Scripts } from './testing/fake-producer.ts';
import { programPath, startNode } from './testing/program.ts';
import { RecordFolders } from './testing/records.ts';

interface CallEvent {
  readonly at: number;
  readonly event: string;
  readonly id: string;
  readonly task?: string;
  readonly args?: unknown;
}

interface Outcome {
  readonly events: readonly CallEvent[];
  /** Of each call, its events without time and id, in their order; `sending` without what it sends. */
  readonly stories: readonly (readonly object[])[];
  readonly totals: Readonly<Record<string, number>>;
}

describe('http-caller', () => {
  const folders = new RecordFolders();
  const producers: FakeProducer[] = [];

  afterEach(async () => {
    await Promise.all(producers.splice(0).map((producer) => producer.close()));
    await folders.removeAll();
  });

  async function start(scripts?: Scripts): Promise<FakeProducer> {
    const producer = await FakeProducer.start(scripts);
    producers.push(producer);
    return producer;
  }

  /** Runs the caller until `isEnough`, then ends it as an operator would. */
  async function callUntil(
    isEnough: (events: readonly CallEvent[]) => boolean,
    targets: readonly string[],
    afterSignal: () => void = () => undefined,
  ): Promise<Outcome> {
    const folder = await folders.make({});
    const options = ['--targets', targets.join(','), '--rate', '40', '--records', folder, '--name', 'test'];
    const { child, ended } = startNode([programPath('http-caller.mjs'), ...options]);
    const read = async (): Promise<readonly CallEvent[]> => {
      const file = await readFile(join(folder, 'callers', 'test.jsonl'), 'utf8').catch(() => '');
      const lines = file.split('\n').slice(0, -1); // a line that is not whole yet has no end
      return lines.map((line) => JSON.parse(line) as CallEvent);
    };
    try {
      const what = 'the caller has recorded enough';
      await waitUntil(async () => isEnough(await read()), { what, timeoutMs: 60_000, intervalMs: 50 });
    } finally {
      child.kill('SIGTERM');
      afterSignal();
    }
    const { code, output, errors } = await ended;
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    const events = await read();
    const ids = [...new Set(events.map(({ id }) => id))];
    return {
      events,
      stories: ids.map((one) => events.filter(({ id }) => id === one).map(storyOf)),
      totals: JSON.parse(output) as Readonly<Record<string, number>>,
    };
  }

  function storyOf(event: CallEvent): object {
    const told = Object.entries(event).filter(([field]) => !['at', 'id', 'task', 'args'].includes(field));
    return Object.fromEntries(told);
  }

  function count(events: readonly CallEvent[], name: string): number {
    return events.filter(({ event }) => event === name).length;
  }

  const sending = (attempt: number): object => ({ event: 'sending', attempt });
  const confirmed = { event: 'confirmed' };
  const answered = { event: 'answered', result: 0 };
  const host = expect.stringMatching(/^127\.0\.0\.1:\d+: /) as string;

  it('records what it sends before, and what it is told after', async () => {
    const seen = new Map<string, object>();
    const producer = await start({
      publish: (call) => {
        seen.set(call.id, { task: call.task, args: call.args });
        return accepted;
      },
    });

    const { events, stories, totals } = await callUntil(
      // eight tasks, and the undefined one of the other events
      (all) => new Set(all.map(({ task }) => task)).size > 8 && count(all, 'answered') > 40,
      [producer.url],
    );

    for (const story of stories) expect(story).toEqual([sending(1), confirmed, answered]);
    const sent = events.filter(({ event }) => event === 'sending');
    for (const { id, task, args } of sent) expect({ task, args }).toEqual(seen.get(id));
    expect(sent).toHaveLength(seen.size);
    const { length } = sent;
    expect(totals).toEqual({
      sending: length,
      confirmed: length,
      answered: length,
      skippedTarget: 0,
      throttled: 0,
    });
    const verbs = ['add', 'divide', 'multiply', 'subtract'];
    const tasks = new Set(sent.map(({ task }) => task));
    expect(tasks).toEqual(new Set([...verbs, ...verbs.map((verb) => `fake${verb}`)]));
  });

  it('records failures', async () => {
    const error = { exc_type: 'KeyError', message: "'num_1'" };
    const producer = await start({ result: () => [200, { state: 'FAILURE', error }] });

    const { stories } = await callUntil((all) => count(all, 'answered') > 0, [producer.url]);

    const failure = { type: 'KeyError', message: "'num_1'" };
    expect(stories[0]).toEqual([sending(1), confirmed, { event: 'answered', failure }]);
  });

  it('records the sign of a zero', async () => {
    const producer = await start({ result: () => [200, '{"state": "SUCCESS", "result": -0.0}'] });

    const { stories } = await callUntil((all) => count(all, 'answered') > 0, [producer.url]);

    expect(stories[0]).toEqual([sending(1), confirmed, { event: 'answered', result: -0 }]);
  });

  it.each([
    ['unconfirmed', 'reset' as const, { reason: host }],
    ['unconfirmed', problem('publish-unconfirmed', 503), { reason: host, status: 503 }],
    ['unconfirmed', problem('publish-refused', 503), { reason: host, status: 503 }],
    ['unconfirmed', problem('internal-error', 500), { reason: host, status: 500 }],
    ['refused', problem('broker-unavailable', 503), { reason: host, status: 503 }],
    ['refused', problem('publish-queue-full', 503), { reason: host, status: 503 }],
    ['refused', problem('unroutable', 502), { reason: host, status: 502 }],
  ])('notes a call as %s after %j and sends it again under its id', async (event, first, fields) => {
    const producer = await start({ publish: (_call, attempt) => (attempt === 1 ? first : accepted) });

    const { stories } = await callUntil((all) => count(all, 'answered') > 2, [producer.url]);

    for (const story of stories) {
      expect(story).toEqual([sending(1), { event, ...fields }, sending(2), confirmed, answered]);
    }
  });

  it('asks for the answer of a call that the producer says it has already', async () => {
    const taken = 'reset';
    const again = problem('task-id-in-use', 409);
    const producer = await start({ publish: (_call, attempt) => (attempt === 1 ? taken : again) });

    const { stories } = await callUntil((all) => count(all, 'answered') > 0, [producer.url]);

    const reset = { event: 'unconfirmed', reason: host };
    const known = { event: 'refused', reason: host, status: 409 };
    expect(stories[0]).toEqual([sending(1), reset, sending(2), known, answered]);
  });

  it('does not send a call again that will never be taken', async () => {
    const producer = await start({ publish: () => problem('invalid-call', 422) });

    const { stories } = await callUntil((all) => count(all, 'unanswered') > 0, [producer.url]);

    const unanswered = { event: 'unanswered', reason: expect.any(String) as string };
    expect(stories[0]).toEqual([sending(1), { event: 'refused', reason: host, status: 422 }, unanswered]);
  });

  it('passes over a target that takes no connection, which is no attempt', async () => {
    const producer = await start();
    const nobody = `http://127.0.0.1:${String(await freePort())}`;

    const { stories, totals } = await callUntil((all) => count(all, 'answered') > 4, [nobody, producer.url]);

    for (const story of stories) expect(story).toEqual([sending(1), confirmed, answered]);
    expect(totals['skippedTarget']).toBeGreaterThan(0);
  });

  it('asks again after an answer that is none: not yet, a reset, a status of 5xx', async () => {
    const producer = await start({
      result: (_call, attempt) => {
        if (attempt === 1) return [200, { state: 'PENDING' }];
        if (attempt === 2) return 'reset';
        return attempt === 3 ? problem('internal-error', 500) : success(0);
      },
    });

    const { stories } = await callUntil((all) => count(all, 'answered') > 0, [producer.url]);

    const error = { event: 'error', status: 500, reason: 'urn:celeriac:problem:internal-error' };
    expect(stories[0]).toEqual([sending(1), confirmed, error, answered]);
  });

  it('gives up the answer of a call that the producer does not know any more', async () => {
    const producer = await start({ result: () => problem('unknown-result', 404) });

    const { stories } = await callUntil((all) => count(all, 'unanswered') > 0, [producer.url]);

    const reason = 'the producer does not know the task';
    expect(stories[0]).toEqual([sending(1), confirmed, { event: 'unanswered', reason, producerLost: true }]);
  });

  it('does not wait for one call before the next, and on SIGTERM waits for all', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const producer = await start({
      result: async () => {
        await released;
        return success(0);
      },
    });

    const { stories } = await callUntil(
      (all) => count(all, 'confirmed') > 10,
      [producer.url],
      () => {
        release();
      },
    );

    expect(stories.length).toBeGreaterThan(10);
    for (const story of stories) expect(story).toEqual([sending(1), confirmed, answered]);
  });

  it('says how it is used when it is not told whom to call', async () => {
    const { code, errors } = await startNode([programPath('http-caller.mjs')]).ended;

    expect(code).toBe(2);
    expect(errors).toMatch(/--targets/);
  });
});
