import { inheritedOptions } from './process-child.ts';

describe('inheritedOptions', () => {
  it.each([
    [
      ['--import', './loader.js', '--conditions=source', '--max-old-space-size=100', '--enable-source-maps'],
      ['--import', './loader.js', '--conditions=source', '--max-old-space-size=100', '--enable-source-maps'],
    ],
    [
      ['--inspect', '--import', 'x'],
      ['--import', 'x'],
    ],
    [
      ['--inspect-brk=127.0.0.1:9229', '--inspect-port', '9230', '-r', 'x'],
      ['-r', 'x'],
    ],
    [['--input-type=module', '--eval', 'await 1', '--no-warnings'], ['--no-warnings']],
    [['--watch', '--watch-path', 'src', '--trace-warnings'], ['--trace-warnings']],
  ])('of %p are %p', (execArgv, inherited) => {
    expect(inheritedOptions(execArgv)).toEqual(inherited);
  });
});
