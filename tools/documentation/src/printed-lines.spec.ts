import { printedLines } from './printed-lines.ts';

describe('printedLines', () => {
  it('takes them from the comments, in Python and in TypeScript', () => {
    const program =
      "x = 1\n    print(f(2)[0])  # 9.0\n# print\nconsole.log(`${a}: ${b}`); // ValueError: 'a'\n";
    expect(printedLines(program)).toEqual(['9.0', "ValueError: 'a'"]);
  });

  it('insists on the comment', () => {
    expect(() => printedLines('print(x)\n')).toThrow('print(x)');
  });
});
