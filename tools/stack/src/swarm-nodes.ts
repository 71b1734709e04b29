import type { Docker } from './docker.ts';
import { at, textAt, type JsonValue } from './json-value.ts';
import { StackError } from './stack-error.ts';

/** A node of the swarm. */
export interface SwarmNode {
  readonly hostname: string;
  /** Its label `rabbitmq`, the number of the broker whose data it keeps; empty without. */
  readonly broker: string;
  readonly isThisEngine: boolean;
}

/** @throws StackError when the engine is in no swarm, or does not manage it */
export async function readNodes(docker: Docker): Promise<readonly SwarmNode[]> {
  const swarm = JSON.parse(await docker.ask({ args: ['info', '--format', '{{json .Swarm}}'] })) as JsonValue;
  assertManager(swarm);
  const ids = (await docker.ask({ args: ['node', 'ls', '--quiet'] })).split('\n').filter((id) => id !== '');
  const nodes = JSON.parse(await docker.ask({ args: ['node', 'inspect', ...ids] })) as readonly JsonValue[];
  return nodes.map((node) => ({
    hostname: textAt(node, 'Description', 'Hostname'),
    broker: textAt(node, 'Spec', 'Labels', 'rabbitmq'),
    isThisEngine: textAt(node, 'ID') === textAt(swarm, 'NodeID'),
  }));
}

/** Takes `docker info`'s part about the swarm. */
export function assertManager(swarm: JsonValue): void {
  const state = textAt(swarm, 'LocalNodeState');
  if (state !== 'active') {
    throw new StackError(
      `this Docker engine is in no swarm (${state === '' ? 'it does not answer' : state}): docker swarm init`,
    );
  }
  if (at(swarm, 'ControlAvailable') !== true) {
    throw new StackError(
      'this Docker engine does not manage its swarm: use a manager, by DOCKER_HOST=ssh://… or docker context use',
    );
  }
}

/**
 * Checks that each broker has its node.
 *
 * @throws StackError naming the command that labels one
 */
export function assertBrokerNodes(nodes: readonly SwarmNode[], isCluster: boolean): void {
  const numbers = isCluster ? ['1', '2', '3'] : ['1'];
  const missing = numbers.filter((number) => nodes.every(({ broker }) => broker !== number));
  if (missing.length === 0) return;
  const commands = missing.map((number) => `docker node update --label-add rabbitmq=${number} NODE`);
  throw new StackError(
    `no node has the label that says where RabbitMQ keeps its data; nodes are ` +
      `${nodes.map(({ hostname }) => hostname).join(', ')}:\n  ${commands.join('\n  ')}`,
  );
}
