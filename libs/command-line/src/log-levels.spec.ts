import { logLevelOf } from './log-levels.ts';

describe('logLevelOf', () => {
  it.each([
    ['DEBUG', 'debug'],
    ['info', 'info'],
    ['Warning', 'warn'],
    ['ERROR', 'error'],
    ['CRITICAL', 'silent'],
    ['fatal', 'silent'],
  ])('takes %s', (name, level) => {
    expect(logLevelOf(name)).toBe(level);
  });

  it.each(['warn', 'silent', ''])("refuses '%s'", (name) => {
    expect(() => logLevelOf(name)).toThrow('DEBUG, INFO, WARNING, ERROR, CRITICAL, FATAL');
  });
});
