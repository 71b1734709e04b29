/**
 * The judge of a campaign: reads what callers and tasks recorded, and nothing else.
 *
 *     node check-records.mjs DIR --from MS --to MS [--until MS] [--planned | --fault] [--producer-replaced]
 *
 * Judges the calls first sent in [from, to), in ms since the epoch, by the rules for a planned event or (default) for a
 * fault, and prints a report in JSON. Runs up to `until` (default: to) count for phantoms and silences. `--producer-replaced`: the event
 * replaces producers, with whom the answers go that they wait for. Exit code: 0 when
 * the rules hold, 1 when they are broken, 2 when the records cannot be judged.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';

import { writeExactJson } from './exact-json.mjs';
import { judge } from './judge.mjs';
import { readRecords } from './read-records.mjs';

function readWindow() {
  const text = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { from: text, to: text, until: text, planned: flag, fault: flag, 'producer-replaced': flag },
  });
  if (positionals.length !== 1) throw new Error('give one folder of records');
  if (values.planned && values.fault) throw new Error('give --planned or --fault, not both');
  const from = moment('--from', values.from);
  const to = moment('--to', values.to);
  const until = moment('--until', values.until ?? values.to);
  if (!(from < to && to <= until)) throw new Error(`--from < --to <= --until, got ${from}, ${to}, ${until}`);
  const kind = values.planned ? 'planned' : 'fault';
  const isProducerReplaced = values['producer-replaced'];
  return { folder: positionals[0], window: { from, to, until, kind, isProducerReplaced } };
}

function moment(name, value) {
  if (/^\d+(\.\d+)?$/.test(value ?? '')) return Number(value);
  throw new Error(`${name} must be ms since the epoch, got ${JSON.stringify(value)}`);
}

try {
  const { folder, window } = readWindow();
  const report = judge(readRecords(folder), window);
  console.log(writeExactJson(report));
  process.exitCode = report.violations.length === 0 ? 0 : 1;
} catch (caught) {
  console.error(`check-records: ${caught.message}`);
  process.exitCode = 2;
}
