import type { Lab } from './lab.ts';
import { buildMeasuredImage } from './measured-image.ts';

const rabbitmqImage = 'rabbitmq:4.0.9-management';

/**
 * Three hosts with all that the measurements need, the first of them for the broker's data. They are new: those of the lab
 * that are up end, with what runs on them.
 *
 * @returns the image to measure
 */
export async function prepareLab(lab: Lab, root: string): Promise<string> {
  await lab.end();
  await lab.command(['images', 'node', 'rabbitmq']);
  const image = await buildMeasuredImage(lab, root);
  await lab.command(['up', '--nodes', '3']);
  await lab.command(['push', rabbitmqImage, image]);
  await lab.docker(['node', 'update', '--label-add', 'rabbitmq=1', 'n1']);
  return image;
}
