import { buildImage, readRelease } from '@celeriac/images';
import type { Lab } from './lab.ts';

/**
 * Builds the image of main.ts as those of the apps are built, in the lab's builder.
 *
 * @returns its name, with the tag of this commit
 */
export async function buildMeasuredImage(lab: Lab, root: string): Promise<string> {
  const names = await buildImage({
    root,
    app: 'scaling',
    appDir: 'tools/scaling',
    release: readRelease(root),
    env: process.env,
    command: [lab.program, 'route'],
  });
  return names.at(-1) ?? '';
}
