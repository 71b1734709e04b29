import type { Scenario } from '../scenario.ts';

/** The host gives up its tasks, takes part again, and is given work again by a forced update, as Swarm moves nothing back. */
export const drain: Scenario = {
  key: 'drain',
  name: 'drain a host, and activate it again',
  kind: 'planned',
  replacesProducers: true,
  async run({ lab, stack }) {
    await lab.docker('node', 'update', '--availability', 'drain', 'n3');
    await stack.services.allRunning(stack.defaultCounts, ['n3']);
    await lab.docker('node', 'update', '--availability', 'active', 'n3');
    await lab.hostIs('n3', 'Ready');
  },
};
