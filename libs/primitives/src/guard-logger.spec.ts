import { guardLogger } from './guard-logger.ts';
import type { LogFields, Logger } from './logger.ts';

type Line = [level: string, fields: LogFields, message: string];

function loggerThat(write: (line: Line) => void): Logger {
  const of =
    (level: string) =>
    (fields: LogFields, message: string): void => {
      write([level, fields, message]);
    };
  return { debug: of('debug'), info: of('info'), warn: of('warn'), error: of('error') };
}

describe('guardLogger', () => {
  it.each(['debug', 'info', 'warn', 'error'] as const)('hands a line of level %s on as it is', (level) => {
    const lines: Line[] = [];
    const fields = { taskId: 'an-id' };
    guardLogger(loggerThat((line) => lines.push(line)))[level](fields, 'said');
    expect(lines).toEqual([[level, fields, 'said']]);
    expect(lines[0]?.[1]).toBe(fields);
  });

  it('writes a line that cannot be written with the fields that can be read', () => {
    const lines: Line[] = [];
    const logger = guardLogger(
      loggerThat((line) => {
        const { err } = line[1];
        Object.assign(err as object, { seen: true }); // as pino marks errors that it has seen
        lines.push(line);
      }),
    );
    const err = Object.freeze(new TypeError('frozen'));
    logger.warn({ taskId: 'an-id', count: 3, isLast: true, other: {}, err }, 'task failed');
    expect(lines).toHaveLength(1);
    const [level, fields, message] = lines[0] ?? [];
    expect([level, message]).toEqual(['warn', 'task failed']);
    expect(fields).toMatchObject({ taskId: 'an-id', count: 3, isLast: true });
    expect(fields).not.toHaveProperty('other');
    expect(fields?.['unwritten']).toMatch(/not extensible/);
    expect(fields?.['err']).toMatchObject({ name: 'TypeError', message: 'frozen', stack: err.stack });
  });

  it('drops a line when the logger writes nothing at all', () => {
    const logger = guardLogger(
      loggerThat(() => {
        throw new Error('disk full');
      }),
    );
    expect(() => {
      logger.error({ err: null }, 'said');
    }).not.toThrow();
  });
});
