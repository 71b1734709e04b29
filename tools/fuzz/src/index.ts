/** `npm run fuzz`: mutated messages and requests against a worker and a producer that run with the stack's limits. */
import { parseArgs } from 'node:util';
import { openBroker, progressLog } from '@celeriac/local-stack';
import { fuzzProducer } from './fuzz-producer.ts';
import { fuzzWorker, type FuzzOptions } from './fuzz-worker.ts';

/**
 * `--messages 200000`, `--requests 20000`: how many (0: none); `--seed 1`: the same seed makes the same messages.
 *
 * @returns the exit code: 0 when all went well, 1 when something was wrong, 2 when an option is wrong
 */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== '--verbose'),
    options: {
      messages: { type: 'string', default: '200000' },
      requests: { type: 'string', default: '20000' },
      seed: { type: 'string', default: '1' },
    },
  });
  for (const [name, value] of Object.entries(values)) {
    if (Number.isSafeInteger(Number(value)) && Number(value) >= 0) continue;
    process.stderr.write(`--${name} must be a whole number, got ${JSON.stringify(value)}\n`);
    return 2;
  }
  const broker = await openBroker({ isolated: true, log: progressLog() });
  const log = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  try {
    const options: Omit<FuzzOptions, 'count'> = {
      root: process.cwd(),
      brokerUrl: broker.url,
      seed: Number(values.seed),
      log,
    };
    const found = [
      ...(Number(values.messages) > 0
        ? await fuzzWorker({ ...options, count: Number(values.messages) })
        : []),
      ...(Number(values.requests) > 0
        ? await fuzzProducer({ ...options, count: Number(values.requests) })
        : []),
    ];
    for (const complaint of found) log(`wrong: ${complaint}`);
    log(found.length === 0 ? 'nothing wrong' : `${found.length} things wrong`);
    return found.length === 0 ? 0 : 1;
  } catch (error) {
    log(`wrong: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await broker.close();
  }
}
