import { readPureFunctions } from '@celeriac/testing';
import { parseJson } from './parse-json.ts';
import { saferepr } from './saferepr.ts';

interface ReprVector {
  readonly python_repr: string | null;
  readonly json_value: unknown;
  readonly is_tuple: boolean;
  readonly saferepr: string;
}

interface ResultVector {
  readonly json_value: unknown;
  readonly saferepr_1024: string;
}

// read by our own reader, which tells 1.0 from 1
const vectors = parseJson(readPureFunctions(), { floats: 'keep' }) as {
  readonly saferepr_1024: readonly ReprVector[];
  readonly result_repr_46_and_1024: readonly ResultVector[];
};

/** Values that the recording could not hold as JSON. */
const others = new Map<string, unknown>([
  ["(b'abc',)", [Buffer.from('abc')]],
  [String.raw`(b'\xff\x00',)`, [Buffer.from([0xff, 0])]],
  ['(inf, nan)', [Infinity, NaN]],
]);
/** Values that JavaScript has not: sets, keys that are no strings, a tuple within a list. */
const foreign = ['(set(),)', '({1},)', '(frozenset({1}),)', '({1: 2, None: 3},)'];

const cases = vectors.saferepr_1024.filter(({ python_repr: repr }) => !foreign.includes(repr ?? ''));

describe('saferepr', () => {
  it.each(cases)(
    'shows $python_repr as Celery does',
    ({ python_repr: repr, json_value: value, is_tuple: tuple, saferepr: text }) => {
      expect(saferepr(others.get(repr ?? '') ?? value, 1024, { tuple })).toBe(text);
    },
  );

  it.each(vectors.result_repr_46_and_1024.filter(({ saferepr_1024: text }) => text !== '[1, (2, 3)]'))(
    'shows a result as Celery does: $saferepr_1024',
    ({ json_value: value, saferepr_1024: text }) => {
      expect(saferepr(value)).toBe(text);
    },
  );

  // what celery 5.6.3 gives for the same value and limit
  it.each([
    [['one two three four'], 12, "['one two...', ..."],
    [[1, 2, 3, 4, 5, 6, 7, 8], 8, '[1, 2, 3..., ...]'],
    [{ a: 1, b: 2, c: 3 }, 6, "{'a': , ...}"],
    [{ a: [1, [2, 3], 4] }, 9, "{'a': [1, , ...]]}"],
    [{ a: [1, [2, 3], 4] }, 8, "{'a': [1..., ...]}"],
    [{ key: 'v'.repeat(30) }, 10, "{'key': 'vv...', ..."],
    ['\u{1f600}'.repeat(5), 4, `'${'\u{1f600}'.repeat(4)}...'`],
  ])('cuts %j at %i characters', (value, limit, text) => {
    expect(saferepr(value, limit)).toBe(text);
  });

  it('ends for a value that contains itself', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle, { cycle });
    expect(saferepr(cycle)).toBe("[<Recursion on list>, {'cycle': <Recursion on list>}]");
  });

  it('looks at no more of a long list than it shows', () => {
    let reads = 0;
    const list = new Proxy(new Array<number>(1_000_000).fill(7), {
      get(target, key, receiver): unknown {
        reads += 1;
        return Reflect.get(target, key, receiver);
      },
    });
    expect(saferepr(list, 64)).toMatch(/^\[7, 7.*\.\.\.\]$/);
    expect(reads).toBeLessThan(500);
  });
});
