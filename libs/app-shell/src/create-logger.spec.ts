import { bestOfThree, hostileTexts } from '@celeriac/testing';
import { createLogger, type LogLevel } from './create-logger.ts';

function logTo(lines: string[], level: LogLevel = 'debug'): ReturnType<typeof createLogger> {
  return createLogger({ level, name: 'addition', destination: { write: (line) => lines.push(line) } });
}

describe('createLogger', () => {
  it('writes one JSON object per line, with level word, ISO time, name and message', () => {
    const lines: string[] = [];

    logTo(lines).info({ queue: 'addition', count: 3 }, 'consuming');

    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown,
      pid: process.pid,
      hostname: expect.any(String) as unknown,
      name: 'addition',
      queue: 'addition',
      count: 3,
      msg: 'consuming',
    });
  });

  it.each<[LogLevel, readonly string[]]>([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
    ['silent', []],
  ])('at level %s writes %j', (level, written) => {
    const lines: string[] = [];
    const logger = logTo(lines, level);

    logger.debug({}, 'm');
    logger.info({}, 'm');
    logger.warn({}, 'm');
    logger.error({}, 'm');

    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(written);
  });

  it('writes an error under err with its type, message, stack and cause', () => {
    const lines: string[] = [];
    const cause = new Error('socket closed');

    logTo(lines).error({ err: new TypeError('cannot publish', { cause }) }, 'failed');

    const { err } = JSON.parse(lines[0] ?? '') as { err: { type: string; message: string; stack: string } };
    expect(err.type).toBe('TypeError');
    expect(err.message).toBe('cannot publish: socket closed');
    expect(err.stack).toContain('create-logger.spec');
    expect(err.stack).toContain('caused by: Error: socket closed');
  });

  it('masks credentials in fields, nested fields, messages and errors', () => {
    const lines: string[] = [];
    const url = 'amqp://guest:hunter2@h:5672//';

    logTo(lines).warn({ url, nested: { urls: [url] }, err: new Error(`cannot reach ${url}`) }, `lost ${url}`);

    expect(lines.join('')).not.toContain('hunter2');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      url: 'amqp://**@h:5672//',
      nested: { urls: ['amqp://**@h:5672//'] },
      err: { message: 'cannot reach amqp://**@h:5672//' },
      msg: 'lost amqp://**@h:5672//',
    });
  });

  it('survives a circular field and a bigint', () => {
    const lines: string[] = [];
    const circular: Record<string, unknown> = { big: 2n ** 70n };
    circular['self'] = circular;

    logTo(lines).info({ circular }, 'odd');

    expect(lines[0]).toContain('"big":1180591620717411303424');
    expect(lines[0]).toContain('"self":"[Circular]"');
  });

  it('leaves per cent signs in a message alone', () => {
    const lines: string[] = [];

    logTo(lines).info({}, '100%s %d');

    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: '100%s %d' });
  });

  it.each(hostileTexts)('writes a line of bounded length for 1 MB of %j, at once', (piece) => {
    const lines: string[] = [];
    const text = `://${piece.repeat(1_000_000 / piece.length)}`;
    const logger = logTo(lines);

    const ms = bestOfThree(() => {
      logger.warn(
        { task: text, reason: text, args: [text, { [text]: text }], err: new Error(text, { cause: text }) },
        text,
      );
    });

    expect(ms).toBeLessThan(500); // a few on an idle machine
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(150_000);
    expect(() => JSON.parse(lines[0] ?? '') as unknown).not.toThrow();
  });
});
