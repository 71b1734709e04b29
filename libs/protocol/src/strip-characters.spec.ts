import { stripCharacters, stripEnd } from './strip-characters.ts';

describe('stripCharacters', () => {
  it.each([
    ['', '{}', ''],
    ['{}', '{}', ''],
    ['{a}', '{}', 'a'],
    ['}{a{b}}', '{}', 'a{b'],
    ['abc', '{}', 'abc'],
  ])('strips %j of %j to %j', (text, characters, stripped) => {
    expect(stripCharacters(text, characters)).toBe(stripped);
  });
});

describe('stripEnd', () => {
  it.each([
    ['', '=', ''],
    ['==', '=', ''],
    ['=ab==', '=', '=ab'],
    ['ab', '=', 'ab'],
  ])('strips the end of %j of %j to %j', (text, characters, stripped) => {
    expect(stripEnd(text, characters)).toBe(stripped);
  });
});
