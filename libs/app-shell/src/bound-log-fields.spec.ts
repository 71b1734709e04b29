import { boundLogFields, logLimits } from './bound-log-fields.ts';

const errorLike = { type: 'Error', message: 'm', stack: 's' };

describe('boundLogFields', () => {
  it('gives a line within the bounds back as it is', () => {
    const fields = { taskId: 'x', count: 3, isLate: true, queue: undefined, reason: null };

    expect(boundLogFields(fields)).toBe(fields);
  });

  it('cuts texts at every depth, and says how long they were', () => {
    const long = 'x'.repeat(15_000);
    const cut = `${'x'.repeat(logLimits.text)}… (15000 characters)`;

    expect(boundLogFields({ task: long, nested: { list: [long, 1] } })).toEqual({
      task: cut,
      nested: { list: [cut, 1] },
    });
  });

  it('bounds the number of items, of fields and of values', () => {
    const items = Array.from({ length: 5000 }, (_, index) => index);
    const many = Object.fromEntries(items.map((index) => [`field${index}`, index]));
    const bounded = boundLogFields({ items, many, grid: items.slice(0, 100).map(() => items) });

    expect((bounded['items'] as unknown[]).at(-1)).toBe('… (5000 items)');
    expect(Object.entries(bounded['many'] as object).at(-1)).toEqual(['…', '(more fields)']);
    expect(JSON.stringify(bounded).length).toBeLessThan(100_000);
    expect(Object.keys(boundLogFields(many))).toHaveLength(logLimits.entries + 1);
  });

  it('bounds the depth, and marks a circle', () => {
    let deep: unknown = 'bottom';
    for (let depth = 0; depth < 100_000; depth++) deep = { deep };
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;

    expect(JSON.stringify(boundLogFields({ deep }))).toBe(
      `${'{"deep":'.repeat(logLimits.depth + 1)}"[Object]"${'}'.repeat(logLimits.depth + 1)}`,
    );
    expect(boundLogFields({ circle })).toEqual({ circle: { self: '[Circular]' } });
  });

  it('bounds the whole line', () => {
    const texts = Array.from({ length: 100 }, () => 'x'.repeat(4000));

    const line = JSON.stringify(boundLogFields({ a: texts, b: texts }));

    expect(line.length).toBeGreaterThan(logLimits.line);
    expect(line.length).toBeLessThan(logLimits.line + 200 * 30);
    expect(line).toContain('"… (4000 characters)"');
  });

  it('cuts the message of an error and keeps the lines that say where', () => {
    const error = new RangeError('m'.repeat(100_000), { cause: new Error('c'.repeat(100_000)) });

    const { err } = boundLogFields({ err: error }) as {
      err: { type: string; message: string; stack: string };
    };

    expect(err.type).toBe('RangeError');
    expect(err.message).toMatch(/^m{4096}… \(\d+ characters\)$/);
    expect(err.stack).toContain('m… (100000 characters)\n    at ');
    expect(err.stack).toContain('caused by: Error: ccc');
    expect(err.stack).toContain('c… (100000 characters)\n    at ');
    expect(err.stack.length).toBeLessThan(logLimits.stack + 30);
  });

  it('keeps own properties of an error, and bounds the errors of an AggregateError', () => {
    const errors = Array.from({ length: 500 }, (_, index) => Object.assign(new Error('e'), { code: index }));

    const { err } = boundLogFields({ err: new AggregateError(errors, 'all') }) as {
      err: { aggregateErrors: { message: string; code: number }[] };
    };

    expect(err.aggregateErrors).toHaveLength(logLimits.entries + 1);
    expect(err.aggregateErrors[1]).toMatchObject({ type: 'Error', message: 'e', code: 1 });
    expect(err).not.toHaveProperty('errors');
  });

  it('ends a chain of causes', () => {
    let error = new Error('root');
    for (let count = 0; count < 10_000; count++) error = new Error(`e${count}`, { cause: error });
    const circle = new Error('circle');
    circle.cause = circle;

    const { err } = boundLogFields({ err: error }) as { err: { message: string } };

    expect(err.message).toBe('e9999: e9998: e9997: e9996: e9995: e9994: e9993: e9992: … (more causes)');
    expect(boundLogFields({ err: circle })).toMatchObject({ err: { message: 'circle' } });
  });

  it.each<[string, unknown, unknown]>([
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['an invalid date', new Date(NaN), null],
    ['bytes', Buffer.alloc(5000), '[5000 bytes]'],
    ['a large integer', 10n ** 100n, '[integer of more than 256 bits]'],
    ['a toJSON', { toJSON: () => 'json' }, 'json'],
    ['a toJSON without end', endless(), '[Object]'],
    ['a function', () => 1, undefined],
    [
      'a getter that throws',
      Object.defineProperty({}, 'a', { enumerable: true, get: fail }),
      { a: '[unreadable]' },
    ],
    ['a proxy that throws', new Proxy({}, { ownKeys: fail }), '[unreadable]'],
    ['an error without a class', Object.assign(Object.create(null), { message: 'm', stack: 's' }), errorLike],
    ['a field __proto__', JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"a":1}}')],
  ])('reads %s', (_what, value, read) => {
    expect(boundLogFields({ value })['value']).toEqual(read);
  });
});

function endless(): object {
  return { toJSON: endless };
}

function fail(): never {
  throw new Error('no');
}
