import type { TaskQueue } from '@celeriac/protocol';
import { deflateSync } from 'node:zlib';
import { randomUUID } from 'node:crypto';
import { Caller, testBrokerUrl } from '../testing/caller.ts';
import { withAdmin } from '../testing/fault-lane.ts';
import { ForkedWorkerProcess, type WorkerCensus } from '../testing/forked-worker-process.ts';
import { inTime, patiently } from '../testing/patiently.ts';
import { report } from '../testing/report.ts';

const MiB = 1024 * 1024;
/** Of the worker, in MiB: what is left of 128 for tasks, beside the loader that these specs run under. */
const heapMib = 112;

/** 16 MiB of `[],` as bzip2. */
const bzip2 = Buffer.from(
  'QlpoOTFBWSZTWZSyF+QCSeySAAAEAAogAFBmApI6KVREbsKVREZKVREeYoKyTKayJG64ZgST2SQAAAgAFEAAoMwJqmmkQUpXKIKUrSIKUrzFBWSZTWcTiWQACSeySAAAEAAogAFBmBNU0yiClK2kQUpXKIKUrzFBWSZTWanqvsQEk9mSAAAEAAogAFBmBNU00iClK6RBSlZRBSleYoKyTKayJG64ZgST2SQAAAgAFEAAoMwJqmmkQUpXKIKUrSIKUrzFBWSZTWcTiWQACSeySAAAEAAogAFBmBNU0yiClK2kQUpXKIKUrzFBWSZTWanqvsQEk9mSAAAEAAogAFBmBNU00iClK6RBSlZRBSleYoKyTKayJG64ZgST2SQAAAgAFEAAoMwJqmmkQUpXKIKUrSIKUrzFBWSZTWcTiWQACSeySAAAEAAogAFBmBNU0yiClK2kQUpXKIKUrzFBWSZTWanqvsQEk9mSAAAEAAogAFBmBNU00iClK6RBSlZRBSleYoKyTKayJG64ZgST2SQAAAgAFEAAoMwJqmmkQUpXKIKUrSIKUrzFBWSZTWcTiWQACSeySAAAEAAogAFBmBNU0yiClK2kQUpXKIKUrzFBWSZTWanqvsQEk9mSAAAEAAogAFBmBNU00iClK6RBSlZRBSleYoKyTKayJG64ZgST2SQAAAgAFEAAoMwJqmmkQUpXKIKUrSIKUrzFBWSZTWcTiWQACSeySAAAEAAogAFBmBNU0yiClK2kQUpXKIKUrzFBWSZTWanqvsQEk9mSAAAEAAogAFBmBNU00iClK6RBSlZRBSleYoKyTKayJG64ZgST2SQAAAgAFEAAoMwJqmmkQUpXKIKUrSIKUrzFBWSZTWcTiWQACSeySAAAEAAogAFBmBNU0yiClK2kQUpXKIKUrzFBWSZTWe6NpzoElI6agEAEQAAACgAKIABQhgApUNDTPaopSgt0UpQWdRSlBczrz4u5IpwoSDI/coSA',
  'base64',
);

const json = 'application/json';
const msgpack = 'application/x-msgpack';

interface Sample {
  readonly what: string;
  readonly body: Buffer;
  readonly contentType?: string;
  readonly headers?: Record<string, unknown>;
}

function repeated(item: string, bytes: number): string {
  return item.repeat(Math.floor(bytes / item.length));
}

function bodyOf(items: string): Buffer {
  return Buffer.from(`[[[${items}0]], {}, {}]`);
}

function zlib(what: string, items: string): Sample {
  const headers = { compression: 'application/x-gzip' };
  return { what: `zlib of ${what}`, body: deflateSync(bodyOf(items)), headers };
}

/** So many blocks of 128 KiB, each one byte repeated; the window is the exponent's. */
function zstd(byte: number, blocks: number, windowByte: number): Buffer {
  const block = (last: number): Buffer => {
    const head = Buffer.alloc(4);
    head.writeUIntLE((128 * 1024 * 8) | (1 << 1) | last, 0, 3);
    head[3] = byte;
    return head;
  };
  const all = Array.from({ length: blocks }, (_, index) => block(index === blocks - 1 ? 1 : 0));
  return Buffer.concat([Buffer.from('28b52ffd00', 'hex'), Buffer.from([windowByte]), ...all]);
}

const members = Array.from({ length: 300_000 }, (_, index) => `{"k${String(index)}":0},`).join('');
const samples: readonly Sample[] = [
  zlib('empty arrays', repeated('[],', 16 * MiB)),
  zlib('empty arrays below the limit on bytes', repeated('[],', 7 * MiB)),
  zlib('small objects', repeated('{"a":{}},', 7 * MiB)),
  zlib('objects that are all different', members),
  zlib('numbers', repeated('1,', 7 * MiB)),
  zlib('floats among objects', `{},${repeated('1.5,', 7 * MiB)}`),
  zlib('large ints', repeated('12345678901234567890,', 7 * MiB) + repeated('[],', MiB)),
  zlib('escaped text', `"${repeated('\\u0000', 16 * MiB)}",`),
  zlib('a text as base64', `{"__type__":"base64","__value__":"${repeated('QUJD', 16 * MiB)}"},`),
  { what: 'nested objects', body: Buffer.from(`[[${repeated('{"a":', 6 * MiB)}`) },
  { what: 'bzip2 of empty arrays', body: bzip2, headers: { compression: 'application/x-bz2' } },
  { what: 'zstd of one byte', body: zstd(0x20, 256, 0x58), headers: { compression: 'application/zstd' } },
  {
    what: 'zstd of a window of 128 MiB',
    body: zstd(0x20, 8, 0x88),
    headers: { compression: 'application/zstd' },
  },
  {
    what: 'msgpack that claims 2^32 items',
    body: Buffer.concat([Buffer.from('ddffffffff', 'hex'), Buffer.alloc(MiB, 0xc0)]),
    contentType: msgpack,
  },
  {
    what: 'msgpack of empty lists',
    body: Buffer.concat([Buffer.from('dd00600000', 'hex'), Buffer.alloc(6 * MiB, 0x90)]),
    contentType: msgpack,
  },
  {
    what: 'msgpack of empty dicts',
    body: Buffer.concat([Buffer.from('dd00600000', 'hex'), Buffer.alloc(6 * MiB, 0x80)]),
    contentType: msgpack,
  },
  {
    what: 'YAML of empty lists',
    body: Buffer.from(`[${repeated('[],', 256 * 1024 - 8)}]`),
    contentType: 'application/x-yaml',
  },
  {
    what: 'a header of nulls',
    body: bodyOf(''),
    headers: { nulls: Array.from({ length: 60_000 }, () => null) },
  },
  {
    what: 'a header of tables',
    body: bodyOf(''),
    headers: { tables: Array.from({ length: 12_000 }, () => ({})) },
  },
];

describe('a worker with a small heap', () => {
  const name = `celeriac-small-${randomUUID()}`;
  const queue: TaskQueue = {
    name,
    queueArguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': `${name}-dead` },
  };
  let worker: ForkedWorkerProcess;
  let caller: Caller;
  let before: WorkerCensus;

  beforeAll(async () => {
    await withAdmin(async (channel) => {
      await channel.assertQueue(`${name}-dead`, { expires: 300_000 });
    });
    caller = await new Caller(testBrokerUrl()).connect();
    worker = await ForkedWorkerProcess.start(
      {
        brokerUrl: testBrokerUrl(),
        queue,
        settings: {
          acceptContent: ['json', 'msgpack', 'yaml'],
        },
      },
      { execArgv: [`--max-old-space-size=${String(heapMib)}`] },
    );
    before = await worker.census();
  });

  afterAll(async () => {
    await worker.stop();
    await caller.close();
    await withAdmin(async (channel) => {
      await channel.deleteQueue(name);
      await channel.deleteExchange(name);
      await channel.deleteQueue(`${name}-dead`);
    });
  });

  async function send({ body, contentType = json, headers = {} }: Sample): Promise<void> {
    await withAdmin(async (channel) => {
      const id = randomUUID();
      channel.sendToQueue(name, body, { contentType, headers: { task: 'work', id, ...headers } });
      await channel.checkQueue(name); // answered once the broker has the message
    });
  }

  const deadLettered = (): Promise<number> =>
    withAdmin(async (channel) => (await channel.checkQueue(`${name}-dead`)).messageCount);

  async function answersAPlainTask(): Promise<void> {
    const id = randomUUID();
    const answered = new Promise<void>((resolve) => {
      caller.onResult = (of) => {
        if (of === id) resolve();
      };
    });
    await caller.call(name, 'work', id, [0]);
    await inTime('a plain task', answered);
  }

  /** Calls so many tasks at once, and gives their results when all have come. */
  async function called(
    count: number,
    task: string,
    args: readonly unknown[],
    eta?: Date,
  ): Promise<string[]> {
    const ids = Array.from({ length: count }, () => randomUUID());
    for (const id of ids) await caller.call(name, task, id, args, eta);
    await patiently(`${String(count)} results`, () => ids.every((id) => caller.results.has(id)));
    return ids.map(
      (id) =>
        caller.results
          .get(id)
          ?.map(({ status }) => status)
          .join() ?? '',
    );
  }

  async function tell(what: string): Promise<WorkerCensus> {
    const now = await worker.census();
    const mib = (bytes: number): number => Math.round(bytes / MiB);
    report(what, {
      'heap before, MiB': mib(before.heapUsed),
      'heap now, MiB': mib(now.heapUsed),
      'resident before, MiB': mib(before.rss),
      'resident now, MiB': mib(now.rss),
    });
    return now;
  }

  it.each(samples.map((sample) => [sample.what, sample] as const))('refuses %s', async (_, sample) => {
    const dead = await deadLettered();
    await send(sample);
    await answersAPlainTask();
    expect((await deadLettered()) - dead).toBe(1);
  });

  it('holds a hundred messages of 1 MiB that wait for their time, and runs each', async () => {
    const items = Array.from({ length: 120_000 }, () => []);
    const text = 'x'.repeat(MiB - 3 * items.length);
    const calling = called(100, 'work', [0, items, text], new Date(Date.now() + 8_000));
    await answersAPlainTask();
    const states = await calling;
    expect(new Set(states)).toEqual(new Set(['SUCCESS']));
    await tell('a hundred messages of 1 MiB with a countdown');
  });

  it('runs a hundred messages of 1 MiB that take twenty times as much decoded', async () => {
    const states = await called(100, 'work', [50, Array.from({ length: 250_000 }, () => [])]);
    expect(new Set(states)).toEqual(new Set(['SUCCESS']));
    await tell('a hundred messages of 250,000 values');
  });

  it('stores the failures of a hundred tasks that quote 1 MB, and no more than their beginning and end', async () => {
    const sizes: number[] = [];
    const text = 'x'.repeat(1_000_000);
    const states = await called(100, 'quote', [text]);
    for (const results of caller.results.values())
      for (const { status, result, traceback } of results)
        if (status === 'FAILURE') sizes.push(JSON.stringify([result, traceback]).length);
    expect(new Set(states)).toEqual(new Set(['FAILURE']));
    expect([sizes.length, Math.max(...sizes) < 100_000]).toEqual([100, true]);
    const now = await tell('a hundred failures of 1 MB');
    expect(now.heapUsed).toBeLessThan(before.heapUsed + 30 * MiB);
  });

  it('has settled each message once', async () => {
    await answersAPlainTask();
    const { counts } = await worker.census();
    expect(counts.refused).toBe(samples.length);
    await worker.stop();
    const left = await withAdmin(async (channel) => (await channel.checkQueue(name)).messageCount);
    expect([left, await deadLettered()]).toEqual([0, samples.length]);
    expect([...caller.results.values()].every((results) => results.length === 1)).toBe(true);
  });
});
