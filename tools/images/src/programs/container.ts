/** The target `container`: builds the image of one app. usage, in the folder of the workspace: container.ts <app> */
import { buildImage } from '../build-image.ts';
import { DockerError } from '../docker.ts';
import { readRelease } from '../release.ts';

const app = process.argv[2];
if (app === undefined) throw new Error('usage: container.ts <app>');
const root = process.cwd();
try {
  const names = await buildImage({ root, app, release: readRelease(root), env: process.env });
  process.stdout.write(`${names.join('\n')}\n`);
} catch (error) {
  if (!(error instanceof DockerError)) throw error;
  process.stderr.write(`container: ${error.message}\n`);
  process.exitCode = 1;
}
