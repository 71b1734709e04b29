import { access, readFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setTimeout } from 'node:timers/promises';

import { connect } from 'amqplib';

import { acceptsConnections } from './amqp-handshake.ts';
import { openBroker } from './local-broker.ts';
import type { OwnedBroker } from './owned-broker.ts';

/** What a private node leaves in the machine's temporary folder. */
async function folders(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('celeriac-rabbitmq-'));
}

/** Processes with this folder in their environment: the node, its name daemon, their helpers. */
async function processesOf(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const environments = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')),
  );
  return pids.filter((_, index) => environments[index]?.includes(folder));
}

async function publishDurably(url: string, queue: string, body: string): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(queue, { durable: true });
  channel.sendToQueue(queue, Buffer.from(body), { persistent: true });
  await channel.waitForConfirms();
  await connection.close();
}

/** Waits until a text is in one of the logs of the node's database. */
async function onDisk(folder: string, text: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const files = (await readdir(folder, { recursive: true })).filter((name) =>
      /\.(?:LOG|DC[DL])$/.test(name),
    );
    const contents = await Promise.all(
      files.map((name) => readFile(`${folder}/${name}`, 'latin1').catch(() => '')),
    );
    if (contents.some((content) => content.includes(text))) return;
    if (Date.now() > deadline) throw new Error(`${text} is in none of ${files.join(', ')}`);
    await setTimeout(50);
  }
}

async function take(url: string, queue: string): Promise<string | undefined> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  const message = await channel.get(queue, { noAck: true });
  await connection.close();
  return message === false ? undefined : message.content.toString();
}

const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

describeOnLinux('openBroker({ isolated: true })', () => {
  let broker: OwnedBroker | undefined;

  afterEach(async () => {
    await broker?.close();
    broker = undefined;
  });

  it('can be killed and restarted on the same port with its data, and leaves nothing behind', async () => {
    const before = await folders();
    broker = await openBroker({ isolated: true });
    const [folder] = (await folders()).filter((name) => !before.includes(name));
    if (broker.kind === 'private') {
      expect(folder).toBeDefined();
      expect((await processesOf(String(folder))).length).toBeGreaterThanOrEqual(2);
    }

    await publishDurably(broker.url, 'kept', 'survives');
    // the message is on disk once it is confirmed; its queue is in a log that the node writes a little later
    if (folder !== undefined) await onDisk(`${tmpdir()}/${folder}`, 'kept');
    await broker.kill();
    expect(await acceptsConnections(broker.url, 1_000)).toBe(false);
    await broker.restart();
    expect(await take(broker.url, 'kept')).toBe('survives');

    await broker.close();
    expect(await acceptsConnections(broker.url, 1_000)).toBe(false);
    if (folder !== undefined) {
      expect(await processesOf(folder)).toEqual([]);
      await expect(access(`${tmpdir()}/${folder}`)).rejects.toMatchObject({ code: 'ENOENT' });
    }
  });

  it('stands beside another one', async () => {
    broker = await openBroker({ isolated: true });
    const second = await openBroker({ isolated: true });
    try {
      expect(second.url).not.toBe(broker.url);
      await publishDurably(second.url, 'mine', 'second');
      await second.kill();
      expect(await acceptsConnections(broker.url, 1_000)).toBe(true);
    } finally {
      await second.close();
    }
  });

  it('tells of an end that nobody asked for, and of no other', async () => {
    const before = await folders();
    broker = await openBroker({ isolated: true });
    if (broker.kind !== 'private') return;
    const [folder] = (await folders()).filter((name) => !before.includes(name));
    const ends: string[] = [];
    const lost = broker.lost().then((how) => ends.push(how));
    const beams = [];
    for (const pid of await processesOf(String(folder))) {
      if ((await readFile(`/proc/${pid}/comm`, 'utf8')).startsWith('beam')) beams.push(Number(pid));
    }
    expect(beams).toHaveLength(1);
    for (const pid of beams) process.kill(pid, 'SIGKILL');
    await lost;
    expect(ends).toHaveLength(1);

    await broker.restart();
    void broker.lost().then((how) => ends.push(how));
    await broker.close();
    expect(ends).toHaveLength(1);
  });

  it('ends at once, and leaves nothing, when it is aborted while starting', async () => {
    const before = await folders();
    const stop = new AbortController();
    const opening = openBroker({ isolated: true, signal: stop.signal });
    setImmediate(() => {
      stop.abort();
    });
    await expect(opening).rejects.toMatchObject({ name: 'AbortError' });
    const left = (await folders()).filter((name) => !before.includes(name));
    expect(left).toEqual([]);
  });
});
