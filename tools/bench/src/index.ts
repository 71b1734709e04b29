/** `npm run bench`: see docs/benchmarks.md. */
import { freePort, openBroker, openPython, progressLog } from '@celeriac/local-stack';
import { parseArgs } from 'node:util';
import type { Contender } from './contender.ts';
import { httpContenders } from './http-contenders.ts';
import { runHttpRound, type HttpFigures } from './http-round.ts';
import { pidListeningOn } from './process-cpu.ts';
import { httpReport, workerReport } from './report.ts';
import { workerContenders } from './worker-contenders.ts';
import { runWorkerRound, type WorkerFigures } from './worker-round.ts';

const root = process.cwd();

/**
 * Runs all contenders in turn, round after round, and prints medians of the ratios with their spread.
 *
 * @returns the exit code
 */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== '--verbose'),
    options: {
      rounds: { type: 'string', default: '5' },
      tasks: { type: 'string', default: '20000' },
      seconds: { type: 'string', default: '5' },
      only: { type: 'string' },
    },
  });
  const log = progressLog();
  const python = await openPython({ log, root });
  const broker = await openBroker({ isolated: true, log });
  try {
    const brokerUrl = broker.url;
    const rounds = Number(values.rounds);
    if (values.only !== 'http') {
      const brokerPid = await pidListeningOn(Number(new URL(brokerUrl).port));
      const figures = await interleave(
        rounds,
        workerContenders(root, python),
        (contender): Promise<WorkerFigures> => {
          const taskCount = Math.round(Number(values.tasks) * contender.taskShare);
          return runWorkerRound(contender, { brokerUrl, brokerPid, taskCount });
        },
      );
      process.stdout.write(workerReport(figures));
    }
    if (values.only !== 'worker') {
      const ports = [await freePort(), await freePort(), await freePort()] as const;
      const figures = await interleave(
        rounds,
        httpContenders(root, python, ports),
        (contender): Promise<HttpFigures> =>
          runHttpRound(contender, { brokerUrl, seconds: Number(values.seconds) }),
      );
      process.stdout.write(httpReport(figures));
    }
    return 0;
  } finally {
    await broker.close();
  }

  async function interleave<C extends Contender, F>(
    rounds: number,
    contenders: Readonly<Record<string, C>>,
    run: (contender: C) => Promise<F>,
  ): Promise<Readonly<Record<string, readonly F[]>>> {
    const figures: Record<string, F[]> = {};
    for (let round = 1; round <= rounds; round++) {
      for (const [key, contender] of Object.entries(contenders)) {
        log.info({}, `round ${round} of ${rounds}: ${contender.name}`);
        (figures[key] ??= []).push(await run(contender));
      }
    }
    return figures;
  }
}
