import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { AppendOnlyFile } from './append-only-file.mjs';

/** The record of one caller: what it sent and what it was told, in `<folder>/callers/<name>.jsonl`. */
export class CallRecords {
  #file;

  /** Counts of all events, by name. */
  totals = {};

  constructor(folder, name) {
    const callers = join(folder, 'callers');
    mkdirSync(callers, { recursive: true });
    this.#file = new AppendOnlyFile(join(callers, `${name}.jsonl`));
  }

  append(event, fields) {
    this.#file.append({ at: Date.now(), event, ...fields });
    this.totals[event] = (this.totals[event] ?? 0) + 1;
  }
}
