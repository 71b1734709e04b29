import { awaitConvergence } from './await-convergence.ts';
import { StackError } from './stack-error.ts';
import { dockerAnswers } from './testing/docker-answers.ts';
import { scriptedDocker, type ScriptedDocker } from './testing/scripted-docker.ts';

const answers = dockerAnswers({ services: [{ name: 'addition', replicas: 2 }] });
const running = answers['service ps'] ?? '';

function waitWith(docker: ScriptedDocker, timeoutMs: number): Promise<void> {
  const before = { updates: new Map<string, string>(), taskIds: new Set<string>() };
  return awaitConvergence(docker, { stack: 'celeriac', services: ['addition'], before, timeoutMs });
}

describe('awaitConvergence', () => {
  it('looks again until all tasks run, and says what changes', async () => {
    const tasks = ['', '', running];
    const docker = scriptedDocker({ ...answers, 'service ps': () => tasks.shift() ?? running });
    await waitWith(docker, 60_000);
    expect(docker.said).toEqual(['celeriac_addition: 0 of 2 run', 'celeriac_addition: runs']);
  });

  it('asks again when the manager does not answer', async () => {
    let isFirst = true;
    const docker = scriptedDocker({
      ...answers,
      'service ps': () => {
        if (!isFirst) return running;
        isFirst = false;
        throw new StackError('the swarm has no leader');
      },
    });
    await waitWith(docker, 60_000);
    expect(docker.said).toEqual(['celeriac_addition: the swarm has no leader', 'celeriac_addition: runs']);
  });

  it('fails with the name of a service that cannot get there', async () => {
    const rejected = { ID: 'x', Name: 'celeriac_addition.1', CurrentState: 'Rejected 1 second ago' };
    const line = JSON.stringify({ ...rejected, Node: 'n2', Error: 'No such image: celeriac/addition:1' });
    const docker = scriptedDocker({ ...answers, 'service ps': line });
    await expect(waitWith(docker, 60_000)).rejects.toThrow('not as told: celeriac_addition');
    expect(docker.said.join()).toContain('n2 has no image celeriac/addition:1');
  });

  it('fails with the names of those that are not there in time', async () => {
    const docker = scriptedDocker({ ...answers, 'service ps': '' });
    await expect(waitWith(docker, 1)).rejects.toThrow('not as told after 0.001 s: celeriac_addition');
  });
});
