import { until } from '@celeriac/testing';
import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { Caller, testBrokerUrl } from '../testing/caller.ts';
import { withAdmin } from '../testing/fault-lane.ts';
import { PoolBundle } from '../testing/pool-fixture.ts';

declare const __dirname: string;

jest.setTimeout(180_000);

const patience = { timeoutMs: 60_000 };

interface Line {
  readonly message: string;
  readonly task?: string;
  readonly tasks?: readonly string[];
  readonly lastEnded?: string;
}

describe.each(['eventloop', 'threads', 'processes'])(
  'a worker whose tasks leave errors behind: %s',
  (workerPool) => {
    const queue = `celeriac-strays-${randomUUID()}`;
    const bundle = new PoolBundle();
    const lines: Line[] = [];
    let caller: Caller;
    let worker: ChildProcess;

    beforeAll(async () => {
      await bundle.build();
      caller = await new Caller(testBrokerUrl()).connect();
      const tasksModule = join(bundle.folder, 'pool-tasks.js');
      const options = { brokerUrl: testBrokerUrl(), queues: [queue], nodeName: 'strays@spec', workerPool, workerConcurrency: 2, tasksModule }; // prettier-ignore
      worker = fork(join(__dirname, '..', 'testing', 'stray-worker.ts'), [JSON.stringify(options)], {
        cwd: join(__dirname, '..', '..', '..', '..'), // where the loader looks for its settings
        execArgv: ['--conditions=@celeriac/source', '--import', '@swc-node/register/esm-register'],
      });
      worker.on('message', (line) => lines.push(line as Line));
      await until(() => lines.some(({ message }) => message === 'worker ready'), patience);
    });

    afterAll(async () => {
      const ended = once(worker, 'exit');
      worker.disconnect();
      await ended;
      await caller.close();
      bundle.remove();
      await withAdmin(async (channel) => {
        await channel.deleteQueue(queue);
        await channel.deleteExchange(queue);
      });
    });

    it.each(['rejects', 'throws'])('goes on, names the task, and answers the others: it %s', async (how) => {
      const before = lines.length;
      const escaped = (): Line[] =>
        lines.slice(before).filter(({ message }) => message.startsWith('an error escaped'));
      const ids = ['leave', ...Array.from({ length: 20 }, () => 'value')].map(
        (name) => [name, randomUUID()] as const,
      );
      for (const [name, id] of ids) await caller.call(queue, name, id, [name === 'leave' ? how : 'nested']);

      await until(() => escaped().length > 0, patience);
      const afterwards = randomUUID();
      await caller.call(queue, 'value', afterwards, ['nested']);
      await until(
        () => caller.results.has(afterwards) && ids.every(([, id]) => caller.results.has(id)),
        patience,
      );

      expect(ids.map(([, id]) => caller.results.get(id)?.map(({ status }) => status))).toEqual(
        ids.map(() => ['SUCCESS']),
      );
      expect(escaped()).toHaveLength(1);
      const [line] = escaped();
      expect([line?.task, ...(line?.tasks ?? [])]).toContain('leave');
      expect([worker.exitCode, worker.signalCode]).toEqual([null, null]);
    });
  },
);
