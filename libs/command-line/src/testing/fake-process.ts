import { EventEmitter } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import type { CommandLineProcess } from '../command-line-process.ts';

/** A stream that keeps what is written to it. */
class KeptOutput extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** A process that specs look at: nothing reaches the real one. */
export class FakeProcess extends EventEmitter implements CommandLineProcess {
  readonly env: NodeJS.ProcessEnv;
  readonly pid = process.pid;
  readonly stdin = new PassThrough();
  readonly stdout = new KeptOutput();
  readonly stderr = new KeptOutput();
  readonly exitCodes: number[] = [];
  #directory = process.cwd();

  constructor(env: NodeJS.ProcessEnv = {}) {
    super();
    this.env = env;
  }

  exit(code: number): void {
    this.exitCodes.push(code);
  }

  cwd(): string {
    return this.#directory;
  }

  chdir(directory: string): void {
    if (directory.includes('missing')) throw new Error(`ENOENT: no such directory, chdir '${directory}'`);
    this.#directory = directory;
  }
}
