/**
 * Recorder: loaded beside a worker (`NODE_OPTIONS=--import=/…/record-tasks.mjs`), it appends one line for every run of a
 * task to `$RECORDS_DIR/tasks/$CAMPAIGN_SERVICE-<hostname>.jsonl`.
 *
 * It is told by the diagnostics channel `celeriac.task_postrun` and knows nothing else of the worker. A worker that
 * cannot be recorded does not start, as its runs would prove nothing. The file is made with the first line, so that a
 * health check, which inherits NODE_OPTIONS, leaves nothing behind.
 */
import { subscribe } from 'node:diagnostics_channel';
import { accessSync, constants } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { AppendOnlyFile } from './append-only-file.mjs';

/** @returns the path of the file to append to; ends the process when there can be none */
function readPath() {
  const { RECORDS_DIR: records, CAMPAIGN_SERVICE: service } = process.env;
  try {
    if (!records) throw new Error('RECORDS_DIR is not set: name the folder of the records');
    if (!service) throw new Error('CAMPAIGN_SERVICE is not set: name the service that this worker is of');
    const folder = join(records, 'tasks');
    accessSync(folder, constants.W_OK | constants.X_OK);
    return join(folder, `${service}-${hostname()}.jsonl`);
  } catch (caught) {
    process.stderr.write(`record-tasks: runs cannot be recorded: ${caught.message}\n`);
    process.exit(1);
  }
}

function recordOf({ task_id: id, task, args, kwargs, state, retval, delivery_info: delivery }) {
  const shown = retval instanceof Error ? { type: retval.name, message: retval.message } : retval;
  const { redelivered } = delivery;
  const run = { id, task, args, kwargs, state, retval: shown, redelivered };
  return { at: Date.now(), ...run, hostname: hostname() };
}

const path = readPath();
let file;

subscribe('celeriac.task_postrun', (message) => {
  file ??= new AppendOnlyFile(path);
  file.append(recordOf(message));
});
