import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Action, CommonOptions } from './command-line.ts';
import type { Docker } from './docker.ts';
import { withoutDigest } from './image-name.ts';
import { stackFileOptions } from './stack-file-options.ts';
import { StackError } from './stack-error.ts';

/** What `pin` writes, to be deployed with `-c`. */
export const pinnedFile = 'swarm-stack.digests.yml';

const header = `# Written by \`npm run stack -- pin\`: each image by its digest, as the registry had it then. Deploy it last:
#   npm run stack -- deploy -c ${pinnedFile}
`;

/**
 * Pulls every image of the stack files and writes a stack file that names each by its digest: what a registry gives for a tag
 * may change, what it gives for a digest cannot.
 */
export async function pinImages(
  docker: Docker,
  root: string,
  action: Extract<Action, { readonly action: 'pin' }> & CommonOptions,
): Promise<void> {
  const environment: Record<string, string> = action.tag === undefined ? {} : { CELERIAC_TAG: action.tag };
  const args = ['stack', 'config', ...stackFileOptions(action)];
  const config = parse(await docker.ask({ args, environment })) as StackConfig;
  const services = Object.entries(config.services);
  const pinned = new Map<string, string>();
  for (const image of new Set(services.map(([, service]) => withoutDigest(service.image)))) {
    await docker.change({ args: ['pull', '--quiet', image] });
    if (!docker.isPrintOnly) pinned.set(image, await digestOf(docker, image));
  }
  if (docker.isPrintOnly) {
    docker.say(`# then writes ${pinnedFile}`);
    return;
  }
  const images = services.map(([name, { image }]) => [name, { image: pinned.get(withoutDigest(image)) }]);
  await writeFile(
    join(root, pinnedFile),
    header + stringify({ services: Object.fromEntries(images) as object }),
  );
  docker.say(`${pinnedFile} has been written; it counts for npm run stack -- deploy -c ${pinnedFile}`);
}

interface StackConfig {
  readonly services: Readonly<Record<string, { readonly image: string }>>;
}

async function digestOf(docker: Docker, image: string): Promise<string> {
  const args = ['image', 'inspect', '--format', '{{json .RepoDigests}}', image];
  const digests = JSON.parse(await docker.ask({ args })) as readonly string[];
  const repository = image.replace(/:[^:/]+$/, '');
  const digest = digests.find((candidate) => withoutDigest(candidate) === repository);
  if (digest !== undefined) return `${image}${digest.slice(repository.length)}`;
  throw new StackError(
    `${image} has no digest, as it comes from no registry: push it first (docker push ${image})`,
  );
}
