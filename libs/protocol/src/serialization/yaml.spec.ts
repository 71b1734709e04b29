import fc from 'fast-check';
import { floatRepr } from '../float-text.ts';
import { DecodeError, EncodeError } from '../protocol-error.ts';
import { float, PythonFloat } from '../python-float.ts';
import { PythonScalar } from '../python-scalar.ts';
import { maxYamlBytes, parseYaml } from './parse-yaml.ts';
import { writeYaml } from './write-yaml.ts';

/** What PyYAML 6.0.3 loads from each text; what JSON lacks is named by its type. */
const loaded: readonly (readonly [string, unknown])[] = [
  ['yes', true],
  ['No', false],
  ['on', true],
  ['y', 'y'],
  ['~', null],
  ['null', null],
  ['Null', null],
  ['', null],
  ['1', { int: '1' }],
  ['-1', { int: '-1' }],
  ['+1', { int: '1' }],
  ['0', { int: '0' }],
  ['1_000', { int: '1000' }],
  ['017', { int: '15' }],
  ['0o17', '0o17'],
  ['0x1F', { int: '31' }],
  ['-0b101', { int: '-5' }],
  ['1:30', { int: '90' }],
  ['-1:30:05', { int: '-5405' }],
  ['1.0', { float: '1.0' }],
  ['1.5', { float: '1.5' }],
  ['.5', { float: '0.5' }],
  ['-.5', '-.5'],
  ['1.', { float: '1.0' }],
  ['1_0.5', { float: '10.5' }],
  ['1e5', '1e5'],
  ['1.0e5', '1.0e5'],
  ['1.0e+5', { float: '100000.0' }],
  ['1.5E-3', { float: '0.0015' }],
  ['.inf', { float: 'inf' }],
  ['-.INF', { float: '-inf' }],
  ['.NaN', { float: 'nan' }],
  ['1:30.5', { float: '90.5' }],
  ['2024-05-06', { date: '2024-05-06' }],
  ['2024-5-6', '2024-5-6'],
  ['2024-05-06 07:08:09', { datetime: '2024-05-06T07:08:09' }],
  ['2024-05-06T07:08:09.1234567Z', { datetime: '2024-05-06T07:08:09.123456+00:00' }],
  ['2024-5-6 7:08:09 +5', { datetime: '2024-05-06T07:08:09+05:00' }],
  ['2024-05-06t07:08:09.5-03:30', { datetime: '2024-05-06T07:08:09.500000-03:30' }],
  ['"1"', '1'],
  ["'yes'", 'yes'],
  ['!!str 1', '1'],
  ['!!int "5"', { int: '5' }],
  ['!!float 3', { float: '3.0' }],
  ['!!float "1e5"', { float: '100000.0' }],
  ['!!null ""', null],
  ['!!binary AAEC', { bytes: '000102' }],
  ['! 5', { int: '5' }],
  ['a b', 'a b'],
  ['[1, a, {b: c}]', [{ int: '1' }, 'a', { dict: [['b', 'c']] }]],
  [
    '{? a : 1, b}',
    {
      dict: [
        ['a', { int: '1' }],
        ['b', null],
      ],
    },
  ],
  ['- 1\n- - 2\n  - x: y\n', [{ int: '1' }, [{ int: '2' }, { dict: [['x', 'y']] }]]],
  [
    'a: &x [1]\nb: *x\n',
    {
      dict: [
        ['a', [{ int: '1' }]],
        ['b', [{ int: '1' }]],
      ],
    },
  ],
  [
    'base: &b {a: 1, b: 2}\nd:\n  <<: *b\n  b: 3\n',
    {
      dict: [
        [
          'base',
          {
            dict: [
              ['a', { int: '1' }],
              ['b', { int: '2' }],
            ],
          },
        ],
        [
          'd',
          {
            dict: [
              ['a', { int: '1' }],
              ['b', { int: '3' }],
            ],
          },
        ],
      ],
    },
  ],
  [
    '{<<: [{a: 1}, {a: 2, b: 3}], c: 4}',
    {
      dict: [
        ['a', { int: '1' }],
        ['b', { int: '3' }],
        ['c', { int: '4' }],
      ],
    },
  ],
  ['{"<<": 1}', { dict: [['<<', { int: '1' }]] }],
  ['{a: 1, a: 2}', { dict: [['a', { int: '2' }]] }],
  ['|\n a\n  b\n', 'a\n b\n'],
  ['>-\n a\n b\n', 'a b'],
  ['"\\x41\\u00e9\\U0001F600"', 'A\u00e9\ud83d\ude00'],
  ['# c\n1 # d\n', { int: '1' }],
  ['--- 1\n...\n', { int: '1' }],
  ['%YAML 1.1\n---\n1\n', { int: '1' }],
  ['__proto__: 1\n', { dict: [['__proto__', { int: '1' }]] }],
  ['9007199254740993', { int: '9007199254740993' }],
  ['-0', { int: '0' }],
  ['-0.0', { float: '-0.0' }],
  ['0.0', { float: '0.0' }],
  [
    '{2: a, 1.5: b, true: c, null: d, 1.0e+1: e}',
    {
      dict: [
        ['2', 'a'],
        ['1.5', 'b'],
        ['true', 'c'],
        ['null', 'd'],
        ['10.0', 'e'],
      ],
    },
  ],
];

function shown(value: unknown): unknown {
  if (typeof value === 'bigint') return { int: String(value) };
  if (typeof value === 'number')
    return Number.isInteger(value) ? { int: String(value) } : { float: floatRepr(value) };
  if (value instanceof PythonFloat) return { float: floatRepr(value.value) };
  if (value instanceof PythonScalar) return { [value.kind]: value.text };
  if (Buffer.isBuffer(value)) return { bytes: value.toString('hex') };
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value === 'object' && value !== null) {
    return { dict: Object.entries(value).map(([key, member]) => [key, shown(member)]) };
  }
  return value;
}

function errorOf(text: string): DecodeError {
  try {
    parseYaml(text, 'number');
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error('expected a DecodeError');
}

/** Each line refers ten times to the one before. */
function laughs(line: (n: number, aliases: string) => string): string[] {
  return Array.from({ length: 20 }, (_, n) => line(n + 1, `*l${n}, `.repeat(10)));
}

describe('parseYaml', () => {
  it.each(loaded)('reads %j as PyYAML does', (text, expected) => {
    expect(shown(parseYaml(text, 'keep'))).toEqual(expected);
  });

  it('gives integral floats as numbers when asked to', () => {
    expect(parseYaml('[1.0, 2]', 'number')).toEqual([1, 2]);
  });

  it.each([
    ['an unknown tag', '!!python/object/apply:os.system [ls]', 'is not one that safe_load builds'],
    ["a tag of one's own", '- !mine 1', 'is not one that safe_load builds'],
    ['a set', '!!set {a}', 'is not one that safe_load builds'],
    ['an ordered map', '!!omap [a: 1]', 'is not one that safe_load builds'],
    ['a scalar tag on a list', '!!str [1]', 'is not one that safe_load builds'],
    ['a list as a key', '? [1]\n: 2', 'a key must be'],
    ['a date as a key', '2024-05-06: 1', 'a key must be'],
    ['several documents', '--- 1\n--- 2\n', 'one document'],
    ['an alias without anchor', '[*a]', 'no anchor'],
    ['an alias within its anchor', '&a [*a]', 'within its own anchor'],
    ['a merge of no mapping', '{<<: 1}', '<< must merge'],
    ['a timestamp that is none', '2024-13-06', 'is no timestamp'],
    ['an int that is none', '!!int x', 'is no int'],
    ['a float that is none', '!!float x', 'is no float'],
    ['a bool that is none', '!!bool x', 'is no bool'],
    ['an int with no digits', '0b_', 'is no int'],
    ['an int of too many digits', '1'.repeat(4301), 'is no int'],
    ['base64 that is wrongly padded', '!!binary AAE', 'is no binary'],
    ['a broken text', '[1, 2', 'YAML is broken'],
    ['a tab where none may be', 'a:\n\t- b', 'YAML is broken'],
  ])('refuses %s', (_, text, why) => {
    expect(errorOf(text).message).toContain(why);
  });

  it('refuses a body that is larger than it reads', () => {
    expect(errorOf(' '.repeat(maxYamlBytes + 1)).reason).toBe('body-too-large');
    expect(parseYaml(`a${' '.repeat(maxYamlBytes - 1)}`, 'number')).toBe('a');
  });

  it.each([
    [
      'billion laughs',
      ['- &l0 ha', ...laughs((n, all) => `- &l${n} [${all}]`)].join('\n'),
      'must not expand',
    ],
    ['a long text many times', `- &a ${'x'.repeat(100_000)}\n${'- *a\n'.repeat(1000)}`, 'must not expand'],
    [
      'merges of merges',
      ['- &l0 {a: 1}', ...laughs((n, all) => `- &l${n} {<<: [${all}]}`)].join('\n'),
      'must not expand',
    ],
    ['lists', '['.repeat(maxYamlBytes), 'nested deeper than 1000 levels'],
    ['lists that end', '['.repeat(100_000) + ']'.repeat(100_000), 'nested deeper than 1000 levels'],
    ['mappings', '{a: '.repeat(maxYamlBytes / 4), 'nested deeper than 1000 levels'],
    ['dashes', '- '.repeat(maxYamlBytes / 2), 'nested deeper than 1000 levels'],
    ['question marks', '? '.repeat(maxYamlBytes / 2), 'nested deeper than 1000 levels'],
    [
      'aliases',
      ['- &a0 1', ...Array.from({ length: 5000 }, (_, n) => `- &a${n + 1} [*a${n}]`)].join('\n'),
      'nested deeper than 1000 levels',
    ],
    ['mistakes', `[${','.repeat(maxYamlBytes - 2)}]`, 'YAML is broken'],
  ])('ends a bomb of %s', (_, text, why) => {
    expect(errorOf(text).message).toContain(why);
  });

  it('reads what is nested as deep as may be', () => {
    const text = '['.repeat(1000) + ']'.repeat(1000);
    expect(JSON.stringify(parseYaml(text, 'number'))).toBe(text);
    expect(errorOf(`[${text}]`).message).toContain('nested deeper than 1000 levels');
  });

  it('reads the same list many times, as Python writes what it has written before', () => {
    const value = parseYaml(`- &id001 [1, 2]\n${'- *id001\n'.repeat(500)}`, 'number');
    expect(value).toEqual(Array(501).fill([1, 2]));
  });

  it('refuses anything with a DecodeError, and nothing crashes', () => {
    const pieces = fc.constantFrom(
      ...[
        '- ',
        '? ',
        ': ',
        '\n',
        ' ',
        '&a ',
        '*a',
        '<<',
        '[',
        ']',
        '{',
        '}',
        ',',
        '|',
        '>',
        "'",
        '"',
        '!!int ',
      ],
      ...['!', '1', 'a', '#', '---', '...', '%YAML 1.1', '\t', '0x', '1:30', '2024-05-06', '\\', '\ud800'],
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 40 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (body) => {
        try {
          parseYaml(body, 'keep');
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('writeYaml', () => {
  it('writes block style with sorted keys, as PyYAML does', () => {
    const value = { b: [1, [2, [], {}], { z: null, y: true }], a: { c: { d: [] } }, é: '1', c: 'no' };
    expect(writeYaml(value).toString()).toBe(
      "a:\n  c:\n    d: []\nb:\n- 1\n- - 2\n  - []\n  - {}\n- y: true\n  z: null\nc: 'no'\n\"\\xE9\": '1'\n",
    );
  });

  it('announces a long key, which PyYAML would not find otherwise', () => {
    const key = 'k'.repeat(2000);
    expect(writeYaml([{ [key]: [1] }]).toString()).toBe(`- ? ${key}\n  :\n  - 1\n`);
    expect(parseYaml(writeYaml([{ [key]: [1] }]).toString(), 'number')).toEqual([{ [key]: [1] }]);
  });

  it.each([
    [float(1), '1.0'],
    [float(1e16), '1.0e+16'],
    [1e-5, '1.0e-05'],
    [1.5e-7, '1.5e-07'],
    [Infinity, '.inf'],
    [-Infinity, '-.inf'],
    [NaN, '.nan'],
    [float(-0), '-0.0'],
    [2n ** 70n, '1180591620717411303424'],
    [new Date('2024-05-06T07:08:09.120Z'), '2024-05-06 07:08:09.120000+00:00'],
    [new PythonScalar('date', '2024-05-06'), '2024-05-06'],
    [Buffer.from([0, 1, 2]), '!!binary |\n  AAEC'],
    [Buffer.alloc(0), '!!binary ""'],
    ['1:30', "'1:30'"],
    ["it's", "it's"],
    ["'", "''''"],
    ['<<', "'<<'"],
    ['=', "'='"],
    ['a\nb', '"a\\nb"'],
    ['\u{1f600}', '"\\U0001F600"'],
    ['2024-05-06', "'2024-05-06'"],
    [undefined, 'null'],
  ])('writes %p as %j', (value, text) => {
    expect(writeYaml([value]).toString()).toBe(`- ${text}\n`);
  });

  it.each([
    [{ a: [new PythonScalar('decimal', '1.1')] }, 'value.a[0] is a decimal, for which YAML has no form'],
    [[new Set()], 'value[0] is a Set, for which YAML has no form'],
    [() => 1, 'value is a function, for which YAML has no form'],
  ])('refuses %p', (value, text) => {
    expect(() => writeYaml(value)).toThrow(EncodeError);
    expect(() => writeYaml(value)).toThrow(text);
  });

  it('refuses what contains itself', () => {
    const own: unknown[] = [];
    own.push(own);
    expect(() => writeYaml(own)).toThrow('contains itself');
  });

  it('writes what reads back the same', () => {
    const tricky = fc.stringMatching(/^[-+.:0-9_eExXobyn~<=]{0,8}$/);
    const leaf = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      tricky,
      fc.double(),
      fc.integer(),
      fc.bigInt(),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.oneof(fc.string({ maxLength: 200 }), tricky), tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        // integral doubles of fast-check are ints to us, so that kinds hold from the first writing on
        const once = parseYaml(writeYaml(value).toString(), 'keep');
        const twice = parseYaml(writeYaml(once).toString(), 'keep');
        expect(twice).toStrictEqual(once);
        expect(writeYaml(once).equals(writeYaml(value))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
