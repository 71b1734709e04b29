import { withoutFunctionName, type Outcome } from './outcome.ts';

describe('withoutFunctionName', () => {
  const typeError = (text: string, args: string): Outcome => ({
    kind: 'exception',
    type: 'TypeError',
    module: 'builtins',
    args,
    text,
  });

  it('makes the same of a Python method and of a task', () => {
    const text = "missing 1 required positional argument: 'payload'";
    const python = typeError(`Add.run() ${text}`, `("Add.run() ${text}",)`);
    const ours = typeError(`add() ${text}`, `("add() ${text}",)`);
    expect(withoutFunctionName(python)).toEqual(withoutFunctionName(ours));
    expect(withoutFunctionName(ours)).toEqual(typeError(`() ${text}`, `("() ${text}",)`));
  });

  it.each([
    ["float() argument must be a string or a real number, not 'list'"],
    ['list indices must be integers or slices, not str'],
  ])('leaves %j alone', (text) => {
    const outcome = typeError(text, `("${text}",)`);
    expect(withoutFunctionName(outcome)).toEqual(outcome);
  });

  it('leaves values alone', () => {
    const outcome: Outcome = { kind: 'value', type: 'float', repr: '9.0' };
    expect(withoutFunctionName(outcome)).toBe(outcome);
  });
});
