import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { DockerError, needEngine, type DockerCommand } from './docker.ts';
import { imageName } from './image-name.ts';
import { tagsOf, type Release } from './release.ts';

export interface BuildImageOptions {
  /** Folder of the workspace, the context of the build. */
  readonly root: string;
  /** Last part of the image's name: `addition`. */
  readonly app: string;
  /** Folder of the app in the workspace. Default: the one of that name in apps/. */
  readonly appDir?: string;
  readonly release: Release;
  /** `CELERIAC_IMAGE_PREFIX`, and `CELERIAC_DOCKER_BUILD_FLAGS`: flags for `docker build`, separated by spaces. */
  readonly env: NodeJS.ProcessEnv;
  /** Default: `docker`. */
  readonly command?: DockerCommand;
}

/**
 * Builds an image from docker/Dockerfile and gives it its tags; docker's own words go to standard error.
 *
 * @returns the names with their tags
 * @throws DockerError when no engine answers or the build fails
 */
export async function buildImage(options: BuildImageOptions): Promise<string[]> {
  const { root, env, command = ['docker'] } = options;
  await needEngine(command);
  const [program, ...first] = command;
  const child = spawn(program, [...first, ...buildArguments(options)], {
    cwd: root,
    env: { ...env, DOCKER_BUILDKIT: '1' },
    stdio: ['ignore', process.stderr, process.stderr],
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0)
    throw new DockerError(`the image of ${options.app} could not be built (docker's words are above)`);
  return namesOf(options);
}

/** The arguments of docker: the README's command with all that a release says. */
export function buildArguments(options: BuildImageOptions): string[] {
  const { app, appDir, release, env } = options;
  const { version, commit } = release;
  const buildArgs = {
    APP: app,
    ...(appDir !== undefined && { APP_DIR: appDir }),
    VERSION: version,
    ...(commit !== undefined && {
      REVISION: `${commit.hash}${commit.isDirty ? '-dirty' : ''}`,
      CREATED: new Date(commit.time * 1000).toISOString().replace('.000', ''),
      SOURCE_DATE_EPOCH: commit.time,
    }),
  };
  return [
    'build',
    ...(env['CELERIAC_DOCKER_BUILD_FLAGS'] ?? '').split(/\s+/).filter((flag) => flag !== ''),
    ...['--file', 'docker/Dockerfile'],
    ...Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ...namesOf(options).flatMap((name) => ['--tag', name]),
    '.',
  ];
}

function namesOf({ app, release, env }: BuildImageOptions): string[] {
  return tagsOf(release).map((tag) => `${imageName(app, env)}:${tag}`);
}
