import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { docker, tryDocker, type DockerCommand } from './docker.ts';
import { configProblems, type ImageInspection } from './image-config.ts';
import { contentProblems, type ImageContent } from './image-content.ts';
import { withContainer, type Container } from './running-container.ts';

export interface CheckImagesOptions {
  /** Folder of the workspace, where the probes are. */
  readonly root: string;
  /** Names with tags. One whose last part is `producer` is asked for its pages too. */
  readonly images: readonly string[];
  /** Default: `docker`. */
  readonly command?: DockerCommand;
}

/** One check of one image; it has failed when there are problems. */
export interface ImageCheck {
  readonly image: string;
  readonly title: string;
  readonly problems: readonly string[];
}

type Check = (image: string, context: Required<CheckImagesOptions>) => Promise<readonly string[]>;

const checks: readonly (readonly [title: string, check: Check])[] = [
  ['is small, unprivileged, labelled, and begins with node', checkConfig],
  ['has nothing but node, its libraries and the app', checkContent],
  ['lives read-only, without rights and broker, live and not ready, and ends with 0 on TERM', checkLife],
  ['says what is wrong with a setting, and ends with 1', checkWrongSetting],
];

/**
 * Looks at images and starts each as a stack does: read-only, without capabilities, as the user that it names, with no
 * network at all. One check after the other; a check that cannot be done counts as failed.
 */
export async function checkImages(options: CheckImagesOptions): Promise<ImageCheck[]> {
  const context = { command: ['docker'] as const, ...options };
  const results: ImageCheck[] = [];
  for (const image of options.images) {
    for (const [title, check] of [...checks, ...checksOf(image)]) {
      const problems = await check(image, context).catch((error: unknown) => [String(error)]);
      results.push({ image, title, problems });
    }
  }
  return results;
}

function checksOf(image: string): typeof checks {
  const isProducer = /(?:^|\/)producer(?::|$)/.test(image);
  return isProducer ? [['serves its pages from the image', checkPages]] : [];
}

async function checkConfig(image: string, { command }: Required<CheckImagesOptions>): Promise<string[]> {
  const [inspection] = JSON.parse(await docker(command, ['image', 'inspect', image])) as [ImageInspection];
  return configProblems(inspection);
}

async function checkContent(
  image: string,
  { command, root }: Required<CheckImagesOptions>,
): Promise<string[]> {
  const probe = readFileSync(join(root, 'tools/images/probes/content.mjs'), 'utf8');
  const isolated = ['--network', 'none', '--read-only', '--cap-drop', 'ALL'];
  const node = ['--entrypoint', '/usr/local/bin/node', image, '--input-type=module', '--eval', probe];
  return contentProblems(
    JSON.parse(await docker(command, ['run', '--rm', ...isolated, ...node])) as ImageContent,
  );
}

function checkLife(image: string, { command }: Required<CheckImagesOptions>): Promise<string[]> {
  return withContainer(command, image, async (container) => {
    await container.untilLive();
    const problems: string[] = [];
    const { code, stdout } = await container.exec(['/app/health.js', 'ready']);
    if (code !== 1 || !stdout.startsWith('not ready: ')) {
      problems.push(`its readiness without a broker is ${code} (${stdout}), and not 1 with a reason`);
    }
    await container.kill('TERM');
    const exitCode = await container.exitCode();
    if (exitCode !== 0) problems.push(`TERM ends it with ${exitCode}: ${await container.lastLine()}`);
    return problems;
  });
}

async function checkWrongSetting(
  image: string,
  { command }: Required<CheckImagesOptions>,
): Promise<string[]> {
  const wrong = ['--env', 'CELERY_WORKER_CONCURRENCY=many'];
  const { code, stderr } = await tryDocker(command, ['run', '--rm', '--network', 'none', ...wrong, image]);
  const isPlain = /: 1 setting is wrong:\n {2}CELERY_WORKER_CONCURRENCY must be /.test(stderr);
  return code === 1 && isPlain ? [] : [`a wrong setting ends it with ${code}: ${stderr}`];
}

function checkPages(image: string, { command, root }: Required<CheckImagesOptions>): Promise<string[]> {
  const probe = readFileSync(join(root, 'tools/images/probes/documentation-page.mjs'), 'utf8');
  return withContainer(command, image, async (container: Container) => {
    await container.untilLive();
    const { code, stdout, stderr } = await container.exec(['--input-type=module', '--eval', probe]);
    if (code !== 0) return [`its pages cannot be had: ${stderr}`];
    const statuses = Object.entries(JSON.parse(stdout) as Record<string, number>);
    const problems = statuses
      .filter(([, status]) => status !== 200)
      .map(([path, status]) => `${path} is ${status}`);
    const hasScripts =
      statuses.some(([path]) => path.endsWith('.js')) && statuses.some(([path]) => path.endsWith('.css'));
    return hasScripts ? problems : [...problems, '/docs/ loads no script or no style'];
  });
}
