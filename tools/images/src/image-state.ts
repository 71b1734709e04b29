import { randomUUID } from 'node:crypto';

import { tryDocker, type DockerCommand } from './docker.ts';
import { tagsOf, type Release } from './release.ts';

/**
 * What Nx remembers a built image by: the same text twice only when there is nothing to build.
 *
 * The image of a commit is what it is for good, so it is enough that the engine has it, under both of its tags. Anything
 * else, an image that is gone, a checkout with changes, an engine that does not answer, is a text that never comes again.
 */
export async function imageState(
  image: string,
  release: Release,
  command: DockerCommand = ['docker'],
): Promise<string> {
  const never = randomUUID();
  if (release.commit === undefined || release.commit.isDirty) return never;
  const names = tagsOf(release).map((tag) => `${image}:${tag}`);
  try {
    const { code, stdout } = await tryDocker(command, ['image', 'inspect', '--format', '{{.Id}}', ...names]);
    const [first, ...others] = stdout.split('\n');
    const isThere = code === 0 && others.every((id) => id === first);
    return isThere ? `${names.join(' ')} ${String(first)}` : never;
  } catch {
    return never; // no docker: the build says so
  }
}
