import { remove } from './remove.ts';
import { dockerAnswers } from './testing/docker-answers.ts';
import { scriptedDocker } from './testing/scripted-docker.ts';

const common = { stack: 'celeriac', isPrintOnly: false, timeoutMs: 10_000 };

describe('remove', () => {
  it('waits until networks and containers are gone, and removes volumes then', async () => {
    const networks = ['celeriac_broker\n', ''];
    const containers = ['celeriac_rabbitmq.1.x\n', ''];
    const docker = scriptedDocker({
      ...dockerAnswers({ brokerLabels: ['1', '2', ''] }),
      'network ls': () => networks.shift() ?? '',
      'container ls': () => containers.shift() ?? '',
      'volume ls': () => (networks.length + containers.length === 0 ? 'celeriac_rabbitmq\n' : ''),
    });
    await remove(docker, common, true);
    expect(docker.changes).toEqual(['stack rm celeriac', 'volume rm celeriac_rabbitmq']);
    expect(docker.said.join()).toContain('on n2, if it is there: docker volume rm celeriac_rabbitmq2');
  });

  it('keeps volumes unless they are to go', async () => {
    const docker = scriptedDocker({ ...dockerAnswers({}), 'network ls': '', 'container ls': '' });
    await remove(docker, common, false);
    expect(docker.changes).toEqual(['stack rm celeriac']);
  });

  it('says what is left when the time is up', async () => {
    const answers = { ...dockerAnswers({}), 'network ls': 'celeriac_broker\n', 'container ls': '' };
    const removal = remove(scriptedDocker(answers), { ...common, timeoutMs: 1 }, false);
    await expect(removal).rejects.toThrow('still there after 0.001 s: celeriac_broker');
  });
});
