import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { deploy } from './deploy.ts';
import { makeSecrets } from './make-secrets.ts';
import { dockerAnswers } from './testing/docker-answers.ts';
import { scriptedDocker } from './testing/scripted-docker.ts';
import { contentDigest } from './versioned-contents.ts';

const action = {
  action: 'deploy',
  stack: 'celeriac',
  isPrintOnly: false,
  timeoutMs: 10_000,
  isCluster: false,
  isTls: false,
  files: [],
  tag: undefined,
} as const;

const brokers = ['rabbitmq', 'rabbitmq2', 'rabbitmq3'];

describe('deploy', () => {
  let root = '';

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'stack-deploy-'));
    await mkdir(join(root, 'docker/rabbitmq'), { recursive: true });
    for (const file of ['rabbitmq.conf', 'definitions.json', 'topology.json', 'cluster.conf', 'tls.conf']) {
      await writeFile(join(root, 'docker/rabbitmq', file), file);
    }
    await makeSecrets(join(root, 'secrets'));
  });

  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  it('deploys the stack file, with the digests of what it mounts and the replicas that run', async () => {
    const docker = scriptedDocker(dockerAnswers({ services: [{ name: 'addition', replicas: 7 }] }));
    await deploy(docker, root, { ...action, files: ['mine.yml'], tag: '2' });
    expect(docker.changes).toEqual([
      'stack deploy --detach=true --with-registry-auth --compose-file swarm-stack.yml --compose-file mine.yml celeriac',
    ]);
    expect(docker.commands[0]?.environment).toMatchObject({
      ADDITION_REPLICAS: '7',
      CELERIAC_TAG: '2',
      RABBITMQ_CONF_DIGEST: contentDigest(Buffer.from('rabbitmq.conf')),
    });
    expect(docker.said).toContain('celeriac_addition: runs');
  });

  it('removes what is not in use any more once the services run', async () => {
    const docker = scriptedDocker({
      ...dockerAnswers({
        services: [{ name: 'rabbitmq', contents: { '/conf': 'celeriac_rabbitmq_conf_2' } }],
      }),
      'config ls': 'celeriac_rabbitmq_conf_1\nceleriac_rabbitmq_conf_2\n',
    });
    await deploy(docker, root, action);
    expect(docker.changes.at(-1)).toBe('config rm celeriac_rabbitmq_conf_1');
  });

  it.each([
    ['updates the brokers of a cluster one after the other, before all else', brokers],
    ['makes one broker a member before the others come', ['rabbitmq']],
  ])('%s', async (_, present) => {
    const services = present.map((name) => ({ name }));
    const docker = scriptedDocker({
      ...dockerAnswers({ services, brokerLabels: ['3', '1', '2'] }),
      'stack config':
        'services: { rabbitmq: { image: 1 }, rabbitmq2: { image: 2 }, rabbitmq3: { image: 3 } }',
    });
    await deploy(docker, root, { ...action, isCluster: true });
    expect(docker.changes.slice(0, -1)).toEqual(
      present.map(() => 'stack deploy --detach=true --with-registry-auth --compose-file - celeriac'),
    );
    expect(docker.commands.slice(0, -1).map(({ input }) => parse(input ?? '') as unknown)).toEqual(
      present.map((name) => ({ services: { [name]: { image: brokers.indexOf(name) + 1 } } })),
    );
    expect(docker.changes.at(-1)).toContain('--compose-file swarm-stack.cluster.yml celeriac');
  });

  it('leaves the first deploy of a cluster to docker stack deploy', async () => {
    const docker = scriptedDocker(dockerAnswers({ brokerLabels: ['1', '2', '3'] }));
    await deploy(docker, root, { ...action, isCluster: true });
    expect(docker.changes).toHaveLength(1);
  });

  it.each([
    [{ isTls: true }, 'swarm-stack.yml swarm-stack.tls.yml mine.yml'],
    [
      { isTls: true, isCluster: true },
      'swarm-stack.yml swarm-stack.cluster.yml swarm-stack.tls.yml swarm-stack.cluster-tls.yml mine.yml',
    ],
  ])('lays the files of TLS over the others: %j', async (kind, files) => {
    await mkdir(join(root, 'secrets/certificates'));
    for (const name of ['ca.pem', 'broker.pem', 'broker.key']) {
      await writeFile(join(root, 'secrets/certificates', name), name);
    }
    const docker = scriptedDocker(dockerAnswers({ brokerLabels: ['1', '2', '3'] }));
    await deploy(docker, root, { ...action, ...kind, files: ['mine.yml'] });
    const named = [...(docker.changes[0] ?? '').matchAll(/--compose-file (\S+)/g)].map(([, file]) => file);
    expect(named.join(' ')).toBe(files);
    expect(docker.commands[0]?.environment).toMatchObject({
      BROKER_CA_DIGEST: contentDigest(Buffer.from('ca.pem')),
    });
  });

  it('says how to make certificates that are missing', async () => {
    const docker = scriptedDocker(dockerAnswers({}));
    const deploying = deploy(docker, root, { ...action, isTls: true });
    await expect(deploying).rejects.toThrow('npm run stack -- certificates');
  });

  it('changes nothing where changes are only printed', async () => {
    const docker = scriptedDocker(dockerAnswers({ services: [{ name: 'addition' }] }), true);
    await deploy(docker, root, { ...action, isPrintOnly: true });
    // a docker that prints does not run what it is told to change
    expect(docker.changes).toHaveLength(1);
    expect(docker.said).toEqual([
      '# then waits until they run as told: addition',
      '# then removes the secrets and configs that no service uses any more',
    ]);
  });

  it.each([
    ['the engine is in no swarm', { 'info --format': '{"LocalNodeState":"inactive"}' }, 'docker swarm init'],
    [
      'the engine manages no swarm',
      { 'info --format': '{"LocalNodeState":"active","ControlAvailable":false}' },
      'use a manager',
    ],
    [
      'no node is to keep the data',
      dockerAnswers({ brokerLabels: ['', ''] }),
      'docker node update --label-add rabbitmq=1 NODE',
    ],
    [
      'three brokers would become one',
      dockerAnswers({ services: brokers.map((name) => ({ name })) }),
      'deploy it with --cluster',
    ],
  ])('says what to do when %s', async (_, answers, message) => {
    const docker = scriptedDocker({ ...dockerAnswers({}), ...answers });
    await expect(deploy(docker, root, action)).rejects.toThrow(message);
    expect(docker.changes).toEqual([]);
  });

  it('says how to make secrets that are missing', async () => {
    await rm(join(root, 'secrets'), { recursive: true });
    const docker = scriptedDocker(dockerAnswers({}));
    await expect(deploy(docker, root, action)).rejects.toThrow('npm run stack -- secrets');
  });
});
