/** The fuzz run of `npm run fuzz`, in the size that `npm test` has time for, on a machine that may be busy. */
import { join } from 'node:path';
import { openBroker, type LocalBroker } from '@celeriac/local-stack';
import { fuzzProducer } from './fuzz-producer.ts';
import { fuzzWorker } from './fuzz-worker.ts';

// specs run as CommonJS, where the folder of a module is known by this name
declare const __dirname: string;

describe('mutated input', () => {
  const root = join(__dirname, '../../..');
  let broker: LocalBroker;

  beforeAll(async () => {
    broker = await openBroker({ isolated: true });
  });

  afterAll(async () => {
    await broker.close();
  });

  it('does no harm to a worker: 20,000 messages', async () => {
    const log: string[] = [];
    const found = await fuzzWorker({
      root,
      brokerUrl: broker.url,
      count: 20_000,
      seed: 1,
      mostStallMs: 2000,
      log: (line) => log.push(line),
    });
    expect({ found, log: found.length > 0 ? log : [] }).toEqual({ found: [], log: [] });
  }, 300_000);

  it('does no harm to a producer: 2,000 requests', async () => {
    const log: string[] = [];
    const found = await fuzzProducer({
      root,
      brokerUrl: broker.url,
      count: 2000,
      seed: 1,
      mostStallMs: 2000,
      log: (line) => log.push(line),
    });
    expect({ found, log: found.length > 0 ? log : [] }).toEqual({ found: [], log: [] });
  }, 300_000);
});
