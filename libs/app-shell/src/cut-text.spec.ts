import { cutText } from './cut-text.ts';

describe('cutText', () => {
  it.each([
    ['', 4, ''],
    ['abcd', 4, 'abcd'],
    ['abcde', 4, 'abcd… (5 characters)'],
    ['abc', 0, '… (3 characters)'],
    ['abc😀d', 4, 'abc… (6 characters)'],
  ])('cuts %j at %d to %j', (text, most, cut) => {
    expect(cutText(text, most)).toBe(cut);
  });

  it.each([
    ['lost amqp://user:passw', 'lost amqp://**'],
    ['lost amqp://user:p@ssw', 'lost amqp://**'],
    ['lost amqp://u:p@h at x', 'lost amqp://u:p@h at x'],
  ])('hides a URL that the cut goes through: %s', (begin, shown) => {
    const text = `${begin}ord@host`;

    expect(cutText(text, begin.length)).toBe(`${shown}… (${text.length} characters)`);
  });
});
