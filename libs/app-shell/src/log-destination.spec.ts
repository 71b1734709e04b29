import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from './create-logger.ts';
import { openLogDestination } from './log-destination.ts';

describe('openLogDestination', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'celeriac-log-'));
    file = join(folder, 'log');
    closeSync(openSync(file, 'w'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('has written a line before the call returns', () => {
    const fd = openSync(file, 'a');
    const logger = createLogger({ level: 'info', name: 'addition', destination: openLogDestination(fd) });

    logger.info({}, 'one');
    logger.info({}, 'two');
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    closeSync(fd);

    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['one', 'two']);
  });

  it('drops lines that cannot be written, however many, and continues', () => {
    const fd = openSync(file, 'r'); // each write to it fails
    const logger = createLogger({ level: 'info', name: 'addition', destination: openLogDestination(fd) });

    expect(() => {
      for (let count = 0; count < 300; count++) logger.info({ filler: 'x'.repeat(10_000) }, 'lost');
    }).not.toThrow();
    closeSync(fd);
    expect(readFileSync(file, 'utf8')).toBe('');
  });
});
