import fc from 'fast-check';
import { globMatcher } from './glob-matcher.ts';

describe('globMatcher', () => {
  it.each([
    ['feed.*', 'feed.tasks.add', true],
    ['feed.*', 'feed.', true],
    ['feed.*', 'feed', false],
    ['*', '', true],
    ['*.add', 'a.add.b.add', true],
    ['*.add', 'a.add.b', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['a?c*', 'abcd', true],
    ['[ab]*', 'bcd', true],
    ['[!ab]*', 'bcd', false],
    ['[a-c]*', 'b', true],
    ['[]]*', ']x', true],
    ['a.b*', 'axb', false],
    ['*[', 'x[', true],
    ['**', 'x', true],
    ['*\n*', 'a\nb', true],
  ])('%j on %j is %s', (glob, text, isMatch) => {
    expect(globMatcher(glob)(text)).toBe(isMatch);
  });

  it('matches what the regular expression of a pattern matches', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', '*', '?') }),
        fc.string({ unit: fc.constantFrom('a', 'b', 'c') }),
        (glob, text) => {
          const pattern = new RegExp(`^${glob.replace(/\*+/g, '[^]*').replaceAll('?', '[^]')}$`);
          expect(globMatcher(glob)(text)).toBe(pattern.test(text));
        },
      ),
    );
  });
});
