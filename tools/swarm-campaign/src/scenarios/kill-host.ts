import type { Scenario } from '../scenario.ts';

export const killHost: Scenario = {
  key: 'kill-host',
  name: 'kill a host, and bring it back',
  kind: 'fault',
  async run({ lab, stack }) {
    await lab.command('kill', 'n2');
    await lab.hostIs('n2', 'Down');
    await stack.services.allRunning(stack.defaultCounts, ['n2']);
    await lab.command('start', 'n2');
    await lab.hostIs('n2', 'Ready');
  },
};
