import { waitUntil } from '@celeriac/local-stack';
import { CommandFailedError } from '../lab.ts';
import type { Scenario } from '../scenario.ts';

/** Swarm notices by itself that the new tasks do not start, and goes back to the image before. */
export const brokenImage: Scenario = {
  key: 'broken-image',
  name: 'deploy a broken image, which is rolled back by itself',
  kind: 'planned',
  async run({ stack, tags }) {
    const before = await stack.services.tasks('addition');
    await stack.update(tags.broken, 'addition').then(
      () => {
        throw new Error('the update to a broken image was reported as a success');
      },
      (error: unknown) => {
        if (!(error instanceof CommandFailedError) || !error.message.includes('Swarm has rolled it back'))
          throw error;
      },
    );
    await waitUntil(async () => (await stack.services.updateState('addition')) === 'rollback_completed', {
      what: 'the update of addition is rolled back',
      timeoutMs: 60_000,
    });
    await stack.services.running('addition', before.length);
    const after = await stack.services.tasks('addition');
    const isAsBefore = after.every(({ image }) => before.some((task) => task.image === image));
    if (!isAsBefore) throw new Error('addition does not run the image of before');
  },
};
