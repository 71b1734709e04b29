import { checkImages, type ImageCheck } from '@celeriac/images';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import type { Lab } from './lab.ts';
import { workers } from './services.ts';

export interface Tags {
  readonly current: string;
  readonly next: string;
  readonly broken: string;
}

/** Builds the images of the product as anyone does, and of two later versions: one that works and one that cannot start. */
export async function buildImages(lab: Lab): Promise<Tags> {
  const nx = join(lab.root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
  await lab.run(process.execPath, [nx, 'run-many', '--target', 'container'], {
    SWARM_LAB_NODE: 'builder',
    NX_DAEMON: 'false',
    NX_TUI: 'false',
  });
  const { version } = JSON.parse(await readFile(join(lab.root, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const tags = { current: version, next: `${version}-next`, broken: `${version}-broken` };
  const context = join(lab.root, 'tools', 'swarm-campaign', 'images');
  const derive = (image: string, stage: string, tag: string): Promise<string> =>
    lab.dockerOn(
      'builder',
      ...['build', '--quiet', '--target', stage, '--build-arg', `IMAGE=celeriac/${image}:${version}`],
      ...['--tag', `celeriac/${image}:${tag}`, context],
    );
  const apps = [...workers, 'producer'];
  for (const app of apps) await derive(app, 'next', tags.next);
  await derive('addition', 'broken', tags.broken);
  return tags;
}

/** @throws Error when the same sources, built again with nothing from a cache, give another image */
export async function assertReproducible(lab: Lab, { current }: Tags): Promise<void> {
  const id = (): Promise<string> =>
    lab.dockerOn('builder', 'image', 'inspect', '--format', '{{.Id}}', `celeriac/addition:${current}`);
  const first = await id();
  const program = join(lab.root, 'tools', 'images', 'src', 'programs', 'container.ts');
  await lab.run(process.execPath, ['--import', '@swc-node/register/esm-register', program, 'addition'], {
    SWARM_LAB_NODE: 'builder',
    CELERIAC_DOCKER_BUILD_FLAGS: '--no-cache',
  });
  const second = await id();
  if (second !== first) throw new Error(`first ${first}, then ${second}`);
}

/** The checks of tools/images on the images as they were built, each started in the builder. */
export function checkBuiltImages(lab: Lab, { current }: Tags): Promise<readonly ImageCheck[]> {
  const images = [...workers, 'producer'].map((app) => `celeriac/${app}:${current}`);
  return checkImages({ root: lab.root, images, command: [lab.script, 'docker', 'builder'] });
}

/** Python Celery, as the lab makes it (tools/swarm-lab/lib/common.sh); load-stack.yml names it too. */
export const celeryImage = 'celeriac-lab/celery:5.5.2';

/** The image of RabbitMQ that the stack file names. */
async function rabbitmqImage(lab: Lab): Promise<string> {
  const stackFile = await readFile(join(lab.root, 'swarm-stack.yml'), 'utf8');
  const image = /\$\{RABBITMQ_IMAGE:-(rabbitmq:[^}]+)\}/.exec(stackFile)?.[1];
  if (image === undefined) throw new Error('swarm-stack.yml names no image of RabbitMQ');
  return image;
}

/** Puts what the stacks need into the lab's registry. */
export async function pushImages(lab: Lab, tags: Tags): Promise<void> {
  const apps = [...workers, 'producer'].flatMap((app) => [
    `celeriac/${app}:${tags.current}`,
    `celeriac/${app}:${tags.next}`,
  ]);
  const others = [`celeriac/addition:${tags.broken}`, await rabbitmqImage(lab), celeryImage];
  await lab.command('push', ...apps, ...others);
}
