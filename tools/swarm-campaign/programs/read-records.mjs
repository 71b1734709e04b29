import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Fields, beyond `at` and `id`, without which a line is no record; by event, and for a run of a task. */
const callFields = {
  sending: { task: 'string', args: 'object', attempt: 'number' },
  confirmed: {},
  unconfirmed: { reason: 'string' },
  refused: { reason: 'string' },
  error: { status: 'number' },
  answered: {},
  unanswered: { reason: 'string' },
};
const runFields = { task: 'string', args: 'object', state: 'string', redelivered: 'boolean' };

/**
 * All records of a folder: the events of the callers, the runs of the tasks, and how many files end in a torn line, as
 * those of a killed process may.
 *
 * @throws when a line in any other place is not a whole record, or when there is none of either kind
 */
export function readRecords(folder) {
  const callers = readLines(join(folder, 'callers'), checkCallEvent);
  const tasks = readLines(join(folder, 'tasks'), checkRun);
  if (callers.records.length === 0)
    throw new Error(`no caller recorded anything in ${join(folder, 'callers')}`);
  if (tasks.records.length === 0) throw new Error(`no task recorded a run in ${join(folder, 'tasks')}`);
  return { events: callers.records, runs: tasks.records, torn: callers.torn + tasks.torn };
}

function readLines(folder, check) {
  const records = [];
  let torn = 0;
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.jsonl')) : [];
  for (const name of names) {
    const lines = readFileSync(join(folder, name), 'utf8').split('\n');
    // what follows the last line's end: nothing, or what its writer could not finish
    if (lines.pop() !== '') torn++;
    lines.forEach((line, index) => {
      try {
        const record = JSON.parse(line);
        check(record);
        records.push(record);
      } catch (caught) {
        throw new Error(`${join(folder, name)}:${index + 1}: ${caught.message}: ${line.slice(0, 200)}`, {
          cause: caught,
        });
      }
    });
  }
  return { records, torn };
}

function checkCallEvent(record) {
  const fields = Object.hasOwn(callFields, record?.event) ? callFields[record.event] : undefined;
  if (fields === undefined) throw new Error('not an event of a call');
  checkFields(record, { at: 'number', id: 'string', ...fields });
  if (record.event === 'answered' && !('result' in record) && !('failure' in record)) {
    throw new Error('answered, with neither result nor failure');
  }
}

function checkRun(record) {
  checkFields(record, { at: 'number', id: 'string', ...runFields });
  if (record.state !== 'SUCCESS' && record.state !== 'FAILURE') throw new Error('not the end of a run');
  if (!('retval' in record)) throw new Error('retval is missing');
}

function checkFields(record, fields) {
  for (const [name, type] of Object.entries(fields)) {
    if (typeof record?.[name] !== type) throw new Error(`${name} is not a ${type}`);
  }
}
