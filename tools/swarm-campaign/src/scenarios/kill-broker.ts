import { waitUntil } from '@celeriac/local-stack';
import { hosts } from '../lab.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';

/** Ends the broker's process without a word; Swarm starts it again on the same host, with its data. */
async function killBroker({ lab, stack }: ScenarioContext): Promise<void> {
  const host = hosts[0];
  const [container] = await stack.services.containers('rabbitmq', host);
  if (container === undefined) throw new Error(`no broker runs on ${host}`);
  await lab.dockerOn(host, 'kill', '--signal', 'KILL', container);
  await waitUntil(async () => !(await stack.services.containers('rabbitmq', host)).includes(container), {
    what: 'the killed broker is gone',
    timeoutMs: 30_000,
  });
  await stack.services.running('rabbitmq', 1, [], 240_000);
}

export const killRabbitMq: Scenario = {
  key: 'kill-rabbitmq',
  name: 'kill RabbitMQ, which is started again',
  kind: 'fault',
  run: killBroker,
};

export const killOneOfThreeBrokers: Scenario = {
  key: 'kill-one-of-three',
  name: 'cluster: kill one of the three brokers',
  kind: 'fault',
  run: killBroker,
};
