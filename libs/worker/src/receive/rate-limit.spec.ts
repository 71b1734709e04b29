import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { loadPureFunctions } from '@celeriac/testing';
import { parseRateLimit } from './rate-limit.ts';

interface RecordedRate {
  readonly input: string | number | null;
  readonly tokens_per_second?: number;
  readonly error?: string;
}

const recorded = loadPureFunctions()['rate_limit_parse'] as readonly RecordedRate[];

describe('parseRateLimit', () => {
  it.each(recorded.filter(({ error }) => error === undefined))(
    'reads $input as Python Celery does',
    ({ input, tokens_per_second: rate }) => {
      expect(parseRateLimit(input, 'add')).toBe(rate === 0 ? undefined : rate);
    },
  );

  it.each(recorded.filter(({ error }) => error !== undefined))(
    'refuses $input, where Python Celery raises $error',
    ({ input }) => {
      expect(() => parseRateLimit(input, 'add')).toThrow(ImproperlyConfiguredError);
    },
  );

  it('knows recorded rates of both kinds', () => {
    expect(recorded.filter(({ error }) => error !== undefined).length).toBeGreaterThan(2);
    expect(recorded.filter(({ error }) => error === undefined).length).toBeGreaterThan(9);
  });

  it.each([
    [undefined, undefined],
    ['', undefined],
    ['  2 /m', 2 / 60],
    ['1e3/h', 1000 / 3600],
    ['.5', 0.5],
    ['2.', 2],
  ])('reads %j as %p', (value, rate) => {
    expect(parseRateLimit(value, 'add')).toBe(rate);
  });

  it.each([
    [-1, '-1'],
    [NaN, 'NaN'],
    [Infinity, 'Infinity'],
    ['-1/s', '"-1/s"'],
    ['inf', '"inf"'],
    ['1e999', '"1e999"'],
    ['1 0/s', '"1 0/s"'],
    ['1/s/m', '"1/s/m"'],
    ['1/S', '"1/S"'],
    ['/', '"/"'],
  ])('names the task and the value %p', (value, shown) => {
    expect(() => parseRateLimit(value, 'send_mail')).toThrow(
      `Task 'send_mail': rateLimit must be a number of starts per second of at least 0, or a text such as 10/s, 100/m or 5/h, got ${shown}`,
    );
  });
});
