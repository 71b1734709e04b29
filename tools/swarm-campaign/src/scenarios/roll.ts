import type { CeleriacStack } from '../celeriac-stack.ts';
import type { Scenario } from '../scenario.ts';
import { workers } from '../services.ts';

/** `npm run stack -- update` waits until every update has ended, and fails where one was rolled back. */
export const roll: Scenario = {
  key: 'roll',
  name: 'roll every worker and the producer to a new image',
  kind: 'planned',
  replacesProducers: true,
  async run({ stack, tags }) {
    await stack.update(tags.next);
    await assertImages(stack, tags.next);
  },
};

export const rollBack: Scenario = {
  key: 'rollback',
  name: 'roll all of them back',
  kind: 'planned',
  replacesProducers: true,
  async run({ stack, tags }) {
    await stack.rollback();
    await assertImages(stack, tags.current);
  },
};

/** @throws Error naming a service that has a task of an image with another tag, or no task */
async function assertImages(stack: CeleriacStack, tag: string): Promise<void> {
  for (const service of [...workers, 'producer']) {
    const tasks = await stack.services.tasks(service);
    const others = tasks.filter(({ image }) => !image.split('@')[0]?.endsWith(`:${tag}`));
    if (tasks.length === 0 || others.length > 0)
      throw new Error(`${service} has tasks of another image than ${tag}`);
  }
}
