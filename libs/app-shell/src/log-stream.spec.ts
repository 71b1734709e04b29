import { Writable } from 'node:stream';
import { LogStream } from './log-stream.ts';

/** A reader that takes a chunk when the test says so. */
class SlowReader {
  readonly taken: string[] = [];
  readonly stream: Writable;
  #next: () => void = () => undefined;

  constructor() {
    this.stream = new Writable({
      decodeStrings: false,
      write: (chunk: string, _encoding, done) => {
        this.taken.push(chunk);
        this.#next = done;
      },
    });
  }

  /** Reads until nothing waits, or so many chunks. */
  async read(most = Infinity): Promise<void> {
    for (let count = 0; count < most && this.stream.writableLength > 0; count++) {
      this.#next();
      await new Promise(setImmediate);
    }
  }
}

const line = 'x'.repeat(1023) + '\n';
const linesThatWait = 1024;

function fill(log: LogStream, count: number): void {
  for (let written = 0; written < count; written++) log.write(line);
}

describe('LogStream', () => {
  it('keeps a bounded number of lines for a slow reader, then drops, and reports the number once', async () => {
    const reader = new SlowReader();
    const log = new LogStream(reader.stream);
    const reports: number[] = [];
    log.onLoss((count) => {
      reports.push(count);
      log.write(`dropped ${count}\n`);
    });

    fill(log, linesThatWait + 50);
    expect(reader.stream.writableLength).toBe(linesThatWait * line.length);
    expect(reports).toEqual([]);
    await reader.read();

    expect(reports).toEqual([50]);
    expect(reader.taken).toHaveLength(linesThatWait + 1);
    expect(reader.taken.at(-1)).toBe('dropped 50\n');
  });

  it('reports before the next line when half of the room is free, although the reader never catches up', async () => {
    const reader = new SlowReader();
    const log = new LogStream(reader.stream);
    const reports: number[] = [];
    log.onLoss((count) => reports.push(count));
    fill(log, linesThatWait + 50);

    await reader.read(10);
    fill(log, 1); // there is room, but too little for a report that stands for many lines
    expect(reports).toEqual([]);
    await reader.read(linesThatWait / 2);
    fill(log, 1);

    expect(reports).toEqual([51]);
  });

  it('flushes when the reader takes all, and says what is missing', async () => {
    const reader = new SlowReader();
    const log = new LogStream(reader.stream);
    log.onLoss((count) => {
      log.write(`dropped ${count}\n`);
    });
    fill(log, linesThatWait + 1);

    const flushed = log.flush(60_000);
    await reader.read();
    await reader.read(); // the end of the flush itself
    await flushed;

    expect(reader.taken).toContain('dropped 1\n');
  });

  it('gives up flushing after a time', async () => {
    const reader = new SlowReader();
    const log = new LogStream(reader.stream);
    log.write('never read\n');

    await log.flush(1);

    expect(reader.taken).toEqual(['never read\n']);
  });

  it('has nothing to flush where nothing waits', async () => {
    await expect(new LogStream(new SlowReader().stream).flush(60_000)).resolves.toBeUndefined();
  });

  it('drops lines when the reader has gone', async () => {
    const reader = new SlowReader();
    const log = new LogStream(reader.stream);
    reader.stream.destroy(new Error('EPIPE'));
    await new Promise(setImmediate);

    log.write(line);
    await log.flush(60_000);

    expect(reader.taken).toEqual([]);
  });
});
