import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { pinImages } from './pin-images.ts';
import { scriptedDocker } from './testing/scripted-docker.ts';

const action = {
  action: 'pin',
  stack: 'celeriac',
  isPrintOnly: false,
  timeoutMs: 10_000,
  isCluster: false,
  isTls: false,
  files: [],
  tag: '2',
} as const;
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const config = `
services:
  addition: { image: 'host:5000/celeriac/addition:2' }
  rabbitmq: { image: 'rabbitmq:4.0.9-management' }
  rabbitmq2: { image: 'rabbitmq:4.0.9-management' }
`;

describe('pinImages', () => {
  let root = '';

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'stack-pin-'));
  });

  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  it('writes the digest that the registry has for each image, which keeps its tag', async () => {
    const docker = scriptedDocker({
      'stack config': config,
      'image inspect --format {{json .RepoDigests}} host:5000/celeriac/addition:2': JSON.stringify([
        `other/addition@${digest('a')}`,
        `host:5000/celeriac/addition@${digest('b')}`,
      ]),
      'image inspect --format {{json .RepoDigests}} rabbitmq:4.0.9-management': JSON.stringify([
        `rabbitmq@${digest('c')}`,
      ]),
    });
    await pinImages(docker, root, action);
    expect(docker.changes).toEqual([
      'pull --quiet host:5000/celeriac/addition:2',
      'pull --quiet rabbitmq:4.0.9-management',
    ]);
    const rabbitmq = { image: `rabbitmq:4.0.9-management@${digest('c')}` };
    expect(parse(await readFile(join(root, 'swarm-stack.digests.yml'), 'utf8'))).toEqual({
      services: {
        addition: { image: `host:5000/celeriac/addition:2@${digest('b')}` },
        rabbitmq,
        rabbitmq2: rabbitmq,
      },
    });
  });

  it('says what to do about an image that is in no registry', async () => {
    const docker = scriptedDocker({ 'stack config': config, 'image inspect': '[]' });
    await expect(pinImages(docker, root, action)).rejects.toThrow(
      'docker push host:5000/celeriac/addition:2',
    );
  });
});
