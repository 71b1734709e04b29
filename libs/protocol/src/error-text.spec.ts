import { cutText } from './error-text.ts';
import { encodeException, tracebackOf } from './exception.ts';
import { PythonError } from './python-error.ts';
import { writeJson } from './write-json.ts';

const megabyte = 'x'.repeat(1_000_000);

describe('cutText', () => {
  it('leaves a text that is short enough', () => {
    expect(cutText('abc', 3)).toBe('abc');
  });

  it('takes the middle out of a longer one and says how much that was', () => {
    expect(cutText('abcdefghij', 4)).toBe('ab … 6 of 10 characters left out … ij');
    expect(cutText('abcdefghij', 5)).toBe('abc … 5 of 10 characters left out … ij');
  });

  it('leaves no half of a character', () => {
    const text = cutText('😀'.repeat(10), 6);
    expect(text).toBe('😀 … 14 of 20 characters left out … 😀');
    expect(text).not.toMatch(/\p{Surrogate}/u);
  });
});

describe('an error that is stored', () => {
  it.each<[string, unknown]>([
    ['a long message', new Error(megabyte)],
    ['a long text that was thrown', megabyte],
    ['a long argument', new PythonError('Custom', [megabyte])],
    [
      'many arguments',
      new PythonError(
        'Custom',
        Array.from({ length: 100_000 }, () => 'x'),
      ),
    ],
    [
      'many long arguments',
      new PythonError(
        'Custom',
        Array.from({ length: 100 }, () => megabyte),
      ),
    ],
    ['a large list', new PythonError('Custom', [Array.from({ length: 100_000 }, () => [])])],
    ['a large dict', new PythonError('Custom', [{ key: { [megabyte]: megabyte } }])],
    ['bytes', new PythonError('Custom', [Buffer.alloc(1_000_000)])],
    ['what JSON cannot carry', new PythonError('Custom', [[megabyte, () => undefined]])],
    ['a long name', Object.assign(new Error('short'), { name: megabyte })],
    ['a long name of a type', new PythonError(megabyte, [], { excModule: megabyte })],
  ])('has short texts, whatever the task threw: %s', (_, thrown) => {
    expect(writeJson(encodeException(thrown)).length).toBeLessThan(100_000); // a NUL is written with six
    expect(tracebackOf(thrown).length).toBeLessThan(66_000);
  });

  it('says what was long, and how long it was', () => {
    const error = new Error(`cannot read ${megabyte}`);
    expect(encodeException(error).exc_message).toEqual([
      expect.stringMatching(/^cannot read x+ … 983628 of 1000012 characters left out … x+$/),
    ]);
  });

  it('keeps the place of the error: a stack begins with the message', () => {
    expect(tracebackOf(new Error(megabyte))).toMatch(
      /^Error: x+ … \d+ of \d+ characters left out … x+\n {4}at .*error-text/,
    );
  });

  it('has a traceback of bounded length, however long the chain of causes', () => {
    let error = new Error(megabyte);
    for (let depth = 0; depth < 100; depth++) error = new Error(megabyte, { cause: error });
    expect(tracebackOf(error, 1000).length).toBeLessThan(1100);
  });

  it('leaves short arguments as they are', () => {
    const args = ['text', 1, null, [1, { a: 'b' }], undefined];
    expect(encodeException(new PythonError('Custom', args)).exc_message).toEqual([
      'text',
      1,
      null,
      [1, { a: 'b' }],
      null,
    ]);
  });

  it('takes other limits', () => {
    expect(encodeException(new Error(megabyte), Infinity).exc_message).toEqual([megabyte]);
    expect(String(encodeException(new Error(megabyte), 400).exc_message[0]).length).toBeLessThan(200);
  });
});
