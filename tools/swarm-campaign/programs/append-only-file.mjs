import { Buffer } from 'node:buffer';
import { openSync, writeSync } from 'node:fs';

import { writeExactJson } from './exact-json.mjs';

/** A file of JSON lines that is only ever appended to. It is made when it is opened. */
export class AppendOnlyFile {
  #path;
  #file;

  constructor(path) {
    this.#path = path;
    this.#file = openSync(path, 'a');
  }

  /**
   * Appends one line, which is there for whoever reads the file when this returns. One write: lines of several processes
   * do not mix.
   */
  append(record) {
    const line = Buffer.from(`${writeExactJson(record)}\n`);
    const written = writeSync(this.#file, line);
    if (written !== line.length) throw new Error(`wrote ${written} of ${line.length} bytes to ${this.#path}`);
  }
}
