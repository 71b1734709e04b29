import type { Writable } from 'node:stream';

/** The most that waits to be written, in characters. A line that does not fit is dropped. */
const mostWaiting = 1024 * 1024;

/**
 * A stream of log lines that drops lines instead of making the program wait for a slow reader.
 *
 * The stream must not block: see `openLogDestination`. Lines are written at once as long as the reader keeps up. Then
 * they wait in memory, up to a bound, and past it they are dropped and counted. The count is reported when there is
 * room again: half of the bound, so that one report stands for many lines.
 */
export class LogStream {
  readonly #stream: Writable;
  #dropped = 0;
  #reportLoss: (count: number) => void = () => undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', () => undefined); // the reader has gone; without a listener the error would end the process
    stream.on('drain', () => {
      this.#report();
    });
  }

  /** Calls the function with the number of dropped lines, before the next line that is written. One function at a time. */
  onLoss(report: (count: number) => void): void {
    this.#reportLoss = report;
  }

  write(line: string): void {
    const stream = this.#stream;
    if (stream.destroyed) return;
    const room = (this.#dropped === 0 ? mostWaiting : mostWaiting / 2) - stream.writableLength;
    if (line.length > room) {
      this.#dropped++;
      return;
    }
    this.#report();
    stream.write(line);
  }

  /** Resolves when all lines are written, or after a time: a reader that does not read must not hold up the exit. */
  async flush(timeoutMs: number): Promise<void> {
    const stream = this.#stream;
    this.#report();
    if (stream.destroyed || stream.writableLength === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      stream.write('', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #report(): void {
    const count = this.#dropped;
    if (count === 0) return;
    this.#dropped = 0; // the report is a line too
    this.#reportLoss(count);
  }
}
