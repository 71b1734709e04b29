import { cutText } from './cut-text.ts';

describe('cutText', () => {
  it.each([
    ['', 3, ''],
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['ab😀cd', 4, 'ab…'],
    ['ab😀cd', 5, 'ab😀…'],
  ])('makes of %j in at most %i characters %j', (text, most, cut) => {
    expect(cutText(text, most)).toBe(cut);
  });
});
