/** `npm run scaling`: see docs/scaling.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Lab } from './lab.ts';
import { measureAll } from './measure-all.ts';
import { readPointFile } from './point-file.ts';
import { seriesNames } from './point.ts';
import { fillIn } from './report/document.ts';
import { scalingReport, scalingSections } from './report/scaling-report.ts';

const usage =
  'usage: npm run scaling -- [--rounds N] [--seconds N] [--only SERIES,…] [--points FILE] [--report FILE [--into PAGE]]';

/**
 * Measures in the lab, ends it, and prints the tables of docs/scaling.md. With `--report` the tables of a file of points
 * alone, printed or, with `--into`, put into a page.
 *
 * @returns the exit code
 */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== '--verbose'),
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '8' },
      only: { type: 'string' },
      points: { type: 'string', default: join('tools', 'scaling', 'test-output', 'points.jsonl') },
      report: { type: 'string' },
      into: { type: 'string' },
    },
  });
  if (values.report !== undefined) {
    await report(values.report, values.into);
    return 0;
  }
  const [rounds, windowMs] = [Number(values.rounds), Number(values.seconds) * 1000];
  const only = values.only?.split(',');
  const unknown = only?.filter((name) => !seriesNames.some((series) => series === name)) ?? [];
  if (!(Number.isInteger(rounds) && rounds > 0 && windowMs >= 1000) || unknown.length > 0) {
    process.stderr.write(`${usage}\nseries: ${seriesNames.join(', ')}\n`);
    return 2;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      stop.abort();
    });
  const root = process.cwd();
  const lab = new Lab(root, process.env, stop.signal);
  const missing = await lab.missing();
  if (missing !== undefined) {
    process.stdout.write(`skipped: scaling: ${missing}\n`);
    return 0;
  }
  try {
    await measureAll({ lab, root, rounds, windowMs, only, pointFile: values.points });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.stderr.write('stopped; the lab is ended\n');
    return 130;
  }
  await report(values.points, undefined);
  return 0;
}

/** Prints the tables of a file of points, or puts them into a page. */
async function report(pointFile: string, page: string | undefined): Promise<void> {
  const measurements = await readPointFile(pointFile);
  if (page === undefined) process.stdout.write(scalingReport(measurements));
  else await writeFile(page, fillIn(await readFile(page, 'utf8'), scalingSections(measurements)));
}
