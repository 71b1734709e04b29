import { parseCommandLine } from './command-line.ts';
import { UsageError } from './stack-error.ts';

const common = { stack: 'celeriac', isPrintOnly: false, timeoutMs: 900_000 };

describe('parseCommandLine', () => {
  it.each([
    ['build', { action: 'build' }],
    ['secrets', { action: 'secrets' }],
    ['certificates', { action: 'certificates' }],
    ['pin', { action: 'pin', isCluster: false, isTls: false, files: [], tag: undefined }],
    ['deploy', { action: 'deploy', isCluster: false, isTls: false, files: [], tag: undefined }],
    [
      'deploy --cluster --tls -c a.yml --file b.yml --tag 2',
      { action: 'deploy', isCluster: true, isTls: true, files: ['a.yml', 'b.yml'], tag: '2' },
    ],
    [
      'scale addition=10 division=0',
      {
        action: 'scale',
        scales: [
          { service: 'addition', replicas: 10 },
          { service: 'division', replicas: 0 },
        ],
      },
    ],
    ['update --tag 2 addition', { action: 'update', tag: '2', services: ['addition'] }],
    ['rollback', { action: 'rollback', services: [] }],
    ['remove --volumes', { action: 'remove', withVolumes: true }],
    ['remove --name other', { action: 'remove', withVolumes: false, stack: 'other' }],
    ['remove --print', { action: 'remove', withVolumes: false, isPrintOnly: true }],
    ['rollback --timeout 0.5', { action: 'rollback', services: [], timeoutMs: 500 }],
  ])('reads %s', (line, expected) => {
    expect(parseCommandLine(line.split(' '))).toEqual({ ...common, ...expected });
  });

  it.each([
    ['', 'an action is missing'],
    ['start', 'there is no action "start"'],
    ['constructor', 'there is no action "constructor"'],
    ['deploy addition', 'deploy takes no "addition"'],
    ['deploy --volumes', 'deploy has no option --volumes'],
    ['secrets --tls', 'secrets has no option --tls'],
    ['secrets --cluster', 'secrets has no option --cluster'],
    ['scale', 'scale needs SERVICE=N, such as addition=10'],
    ['scale addition', 'a scale is SERVICE=N with a whole number, such as addition=10, got "addition"'],
    ['scale addition=-1', 'a scale is SERVICE=N with a whole number, such as addition=10, got "addition=-1"'],
    ['update addition', 'update needs --tag, the tag of the new images'],
    ['remove --name UPPER', '--name must be at most 24 of a-z, 0-9, - and _, got "UPPER"'],
    ['remove --timeout soon', '--timeout must be a number of seconds above 0, got "soon"'],
  ])('refuses "%s"', (line, message) => {
    const parse = (): unknown => parseCommandLine(line.split(' ').filter((word) => word !== ''));
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
  });

  it('refuses an option that nothing has', () => {
    expect(() => parseCommandLine(['deploy', '--force'])).toThrow(UsageError);
  });
});
