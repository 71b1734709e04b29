import { coerceError } from '@celeriac/primitives';
import process from 'node:process';

/** Counts checks, and prints a line for each as it ends. */
export class Tally {
  passed = 0;
  failed = 0;
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void = (line) => void process.stdout.write(line)) {
    this.#write = write;
  }

  /** Runs a check; what it throws is why it failed. @returns whether it passed */
  async check(name: string, run: () => Promise<unknown>): Promise<boolean> {
    const start = performance.now();
    const seconds = (): string => `${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s`;
    try {
      await run();
      this.passed++;
      this.#write(`ok     ${seconds()}  ${name}\n`);
      return true;
    } catch (error) {
      this.failed++;
      this.#write(`FAILED ${seconds()}  ${name}\n${indented(coerceError(error).message)}\n`);
      return false;
    }
  }

  toString(): string {
    return `${this.passed} passed, ${this.failed} failed`;
  }
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '         ');
}
