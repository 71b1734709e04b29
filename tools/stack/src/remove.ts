import { setTimeout as sleep } from 'node:timers/promises';
import type { CommonOptions } from './command-line.ts';
import type { Docker } from './docker.ts';
import { StackError } from './stack-error.ts';
import { stackLabel } from './stack-services.ts';
import { readNodes } from './swarm-nodes.ts';

/** Removes the stack and waits until nothing of it is left; a stack of the same name can be deployed afterwards. */
export async function remove(docker: Docker, common: CommonOptions, withVolumes: boolean): Promise<void> {
  const { stack, timeoutMs } = common;
  const nodes = await readNodes(docker);
  await docker.change({ args: ['stack', 'rm', stack] });
  if (docker.isPrintOnly) docker.say('# then waits until its containers and networks are gone');
  else await untilGone(docker, stack, timeoutMs);
  if (!withVolumes) return;

  const volumes = await list(docker, 'volume', stack, '{{.Name}}');
  if (volumes.length > 0) await docker.change({ args: ['volume', 'rm', ...volumes] });
  for (const { hostname, broker } of nodes.filter((node) => node.broker !== '' && !node.isThisEngine)) {
    const volume = `${stack}_rabbitmq${broker === '1' ? '' : broker}`;
    docker.say(`# volumes are their node's own; on ${hostname}, if it is there: docker volume rm ${volume}`);
  }
}

async function untilGone(docker: Docker, stack: string, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const left = [
      ...(await list(docker, 'network', stack, '{{.Name}}')),
      // a container that still stops holds its volume
      ...(await list(docker, 'container', stack, '{{.Names}}')),
    ];
    if (left.length === 0) return;
    if (Date.now() > deadline)
      throw new StackError(`still there after ${timeoutMs / 1000} s: ${left.join(', ')}`);
    await sleep(500);
  }
}

async function list(docker: Docker, kind: string, stack: string, format: string): Promise<readonly string[]> {
  const all = kind === 'container' ? ['--all'] : [];
  const lines = await docker.watch({
    args: [kind, 'ls', ...all, '--filter', `label=${stackLabel}=${stack}`, '--format', format],
  });
  return lines.split('\n').filter((line) => line !== '');
}
