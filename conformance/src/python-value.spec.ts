import { fromRepr } from './python-value.ts';

describe('fromRepr', () => {
  it.each([
    ['9.0', 9],
    ['-0.0', -0],
    ['1e+22', 1e22],
    ['5e-324', 5e-324],
    ['inf', Infinity],
    ['-inf', -Infinity],
    ['nan', NaN],
  ])('reads the float %s', (repr, value) => {
    expect(fromRepr({ kind: 'value', type: 'float', repr })).toBe(value);
  });

  it('reads a word', () => {
    expect(fromRepr({ kind: 'value', type: 'str', repr: "'ND'" })).toBe('ND');
  });

  it('refuses what the calculator never answers', () => {
    expect(() => fromRepr({ kind: 'value', type: 'int', repr: '9' })).toThrow('int 9');
  });
});
