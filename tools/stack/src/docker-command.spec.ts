import { execFileSync } from 'node:child_process';
import { shellLine } from './docker-command.ts';

describe('shellLine', () => {
  it('writes variables, the command and its arguments', () => {
    const command = { args: ['stack', 'deploy', '-c', 'a.yml'], environment: { TAG: '1', N: '2' } };
    expect(shellLine(command)).toBe('TAG=1 N=2 docker stack deploy -c a.yml');
  });

  it('writes what a shell reads as it was', () => {
    const args = ['{{json .}}', "it's", '$HOME', '', 'a b', '^(?!x$)', 'source=a,target=/b'];
    const line = shellLine({ args }).replace(/^docker/, 'printf %s\\\\n');
    expect(execFileSync('sh', ['-c', line], { encoding: 'utf8' })).toBe(`${args.join('\n')}\n`);
  });
});
