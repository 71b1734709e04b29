/**
 * Checks the images of this checkout, or those that are named, and prints a line for each check.
 * usage, in the folder of the workspace: node tools/images/dist/programs/check-images.js [image…]
 */
import { checkImages } from '../check-images.ts';
import { DockerError, needEngine } from '../docker.ts';
import { imageApps, imageName } from '../image-name.ts';
import { readRelease, tagsOf } from '../release.ts';

const root = process.cwd();
const named = process.argv.slice(2);
const tag = tagsOf(readRelease(root)).at(-1) ?? '';
const images = named.length > 0 ? named : imageApps.map((app) => `${imageName(app, process.env)}:${tag}`);
try {
  await needEngine(['docker']);
  const results = await checkImages({ root, images });
  for (const { image, title, problems } of results) {
    process.stdout.write(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${image} ${title}\n`);
    for (const problem of problems) process.stdout.write(`       ${problem}\n`);
  }
  const failed = results.filter(({ problems }) => problems.length > 0).length;
  process.stdout.write(`${results.length - failed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  if (!(error instanceof DockerError)) throw error;
  process.stderr.write(`check-images: ${error.message}\n`);
  process.exitCode = 1;
}
