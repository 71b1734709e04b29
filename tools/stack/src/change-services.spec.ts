import { appServices } from './app-services.ts';
import { rollback, scale, update } from './change-services.ts';
import { dockerAnswers } from './testing/docker-answers.ts';
import { scriptedDocker, type ScriptedDocker } from './testing/scripted-docker.ts';

const common = { stack: 'celeriac', isPrintOnly: false, timeoutMs: 10_000 };

function dockerWith(hasPrevious: boolean): ScriptedDocker {
  const services = appServices.map((name) => ({ name, replicas: 2, hasPrevious }));
  return scriptedDocker(dockerAnswers({ services }));
}

describe('scale', () => {
  it('changes replicas of the services named', async () => {
    const docker = scriptedDocker(dockerAnswers({ services: [{ name: 'addition', replicas: 10 }] }));
    await scale(docker, common, [{ service: 'addition', replicas: 10 }]);
    expect(docker.changes).toEqual(['service scale --detach celeriac_addition=10']);
  });

  it('refuses a broker, which has one data directory', async () => {
    const docker = dockerWith(false);
    await expect(scale(docker, common, [{ service: 'rabbitmq', replicas: 2 }])).rejects.toThrow(
      '"rabbitmq" is none of addition, subtraction, multiplication, division, producer',
    );
    expect(docker.changes).toEqual([]);
  });

  it('names a service that is not deployed', async () => {
    const docker = scriptedDocker(dockerAnswers({}));
    await expect(scale(docker, common, [{ service: 'addition', replicas: 2 }])).rejects.toThrow(
      'there is no service celeriac_addition',
    );
  });
});

describe('update', () => {
  it('gives all five services the images of a tag', async () => {
    const docker = dockerWith(false);
    await update(docker, common, '2', []);
    expect(docker.changes).toEqual(
      appServices.map(
        (name) => `service update --detach --with-registry-auth --image celeriac/${name}:2 celeriac_${name}`,
      ),
    );
  });

  it('gives them to the services named', async () => {
    const docker = dockerWith(false);
    await update(docker, common, '2', ['division', 'division']);
    expect(docker.changes).toHaveLength(1);
  });
});

describe('rollback', () => {
  it('returns the services named to what they were, and says to what', async () => {
    const docker = dockerWith(true);
    await rollback(docker, common, ['addition']);
    expect(docker.changes).toEqual(['service rollback --detach celeriac_addition']);
    expect(docker.said[0]).toBe(
      '# celeriac_addition: celeriac/addition:1 → celeriac/addition:1, replicas 2 → 2',
    );
  });

  it('refuses services that never changed', async () => {
    const docker = dockerWith(false);
    await expect(rollback(docker, common, [])).rejects.toThrow('there is nothing to return to');
    expect(docker.changes).toEqual([]);
  });
});
