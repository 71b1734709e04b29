/** `npm run faults`: the fault specs at full length, on a RabbitMQ of its own. */
import { openBroker, progressLog } from '@celeriac/local-stack';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** Projects with specs named `fault-….integration.spec.ts`. */
const projects = ['amqp-transport', 'worker'] as const;

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs the specs one after the other, so that they have the machine to themselves; what they tell is shown.
 *
 * `--only half-open` runs those whose name has this in it.
 *
 * @returns the exit code: 0 when all passed, 1 when something failed, 130 when it was interrupted
 */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== '--verbose'),
    options: { only: { type: 'string', default: '' } },
  });
  const broker = await openBroker({ isolated: true, log: progressLog() });
  try {
    let isPassed = true;
    for (const project of projects) {
      const code = await runSpecs(project, values.only, broker.url);
      if (code === null) return 130; // stopped by a signal
      isPassed &&= code === 0;
    }
    return isPassed ? 0 : 1;
  } finally {
    await broker.close();
  }
}

/** Gives jest's exit code; null when a signal ended it. */
async function runSpecs(project: string, only: string, brokerUrl: string): Promise<number | null> {
  const configuration = join('libs', project, 'jest.integration.config.cjs');
  const jest = spawn(
    process.execPath,
    [
      join('node_modules', 'jest', 'bin', 'jest.js'),
      ...['--config', configuration, '--runInBand', '--verbose', '--passWithNoTests'],
      ...['--testPathPatterns', `fault-.*${only}`],
    ],
    {
      env: { ...process.env, CELERIAC_TEST_BROKER_URL: brokerUrl, CELERIAC_TEST_FAULTS: 'complete' },
      stdio: 'inherit',
    },
  );
  const stop = (signal: NodeJS.Signals): void => {
    jest.kill(signal);
  };
  for (const signal of stopSignals) process.on(signal, stop);
  const [code] = (await once(jest, 'exit')) as [number | null];
  for (const signal of stopSignals) process.off(signal, stop);
  return code;
}
