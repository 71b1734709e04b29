import { appServices, chosenAppServices } from './app-services.ts';
import { awaitConvergence, observeBefore } from './await-convergence.ts';
import type { CommonOptions } from './command-line.ts';
import type { Docker } from './docker.ts';
import { withoutDigest, withTag } from './image-name.ts';
import type { Scale } from './scale.ts';
import { StackError } from './stack-error.ts';
import { readServices, type StackService } from './stack-services.ts';
import { readNodes } from './swarm-nodes.ts';

/** Changes replicas. */
export async function scale(docker: Docker, common: CommonOptions, scales: readonly Scale[]): Promise<void> {
  const named = scales.map(({ service }) => service);
  await change(docker, common, chosenAppServices(named), async () => {
    const targets = scales.map(({ service, replicas }) => `${common.stack}_${service}=${replicas}`);
    await docker.change({ args: ['service', 'scale', '--detach', ...targets] });
  });
}

/** Rolls services to the images of a tag, all at the same time; Swarm takes back one that fails. */
export async function update(
  docker: Docker,
  common: CommonOptions,
  tag: string,
  named: readonly string[],
): Promise<void> {
  await change(docker, common, chosenAppServices(named), async (services) => {
    for (const { name, spec } of services) {
      const image = ['--image', withTag(spec.image, tag)];
      await docker.change({
        args: ['service', 'update', '--detach', '--with-registry-auth', ...image, `${common.stack}_${name}`],
      });
    }
  });
}

/** Returns services to what they were before their last change. */
export async function rollback(
  docker: Docker,
  common: CommonOptions,
  named: readonly string[],
): Promise<void> {
  await change(
    docker,
    common,
    chosenAppServices(named),
    async (services) => {
      for (const service of services) {
        docker.say(`# ${common.stack}_${service.name}: ${rollbackText(service)}`);
        await docker.change({
          args: ['service', 'rollback', '--detach', `${common.stack}_${service.name}`],
        });
      }
    },
    true,
  );
}

async function change(
  docker: Docker,
  { stack, timeoutMs }: CommonOptions,
  names: readonly string[],
  make: (services: readonly StackService[]) => Promise<void>,
  isRollback = false,
): Promise<void> {
  await readNodes(docker);
  const all = await readServices(docker, stack);
  const services = names.map((name) => {
    const service = all.find((candidate) => candidate.name === name);
    if (service !== undefined) return service;
    throw new StackError(`there is no service ${stack}_${name}: npm run stack -- deploy`);
  });
  if (isRollback) assertRollback(stack, services);
  const before = await observeBefore(docker, stack, services);
  await make(services);
  await awaitConvergence(docker, { stack, services: names, before, timeoutMs, isRollback });
}

function assertRollback(stack: string, services: readonly StackService[]): void {
  const fresh = services.filter(({ previous }) => previous === undefined).map(({ name }) => name);
  if (fresh.length === 0) return;
  const others = appServices.filter((name) => !fresh.includes(name));
  throw new StackError(
    `never changed, so there is nothing to return to: ${fresh.map((name) => `${stack}_${name}`).join(', ')}` +
      (others.length === 0 ? '' : `; name the services to roll back, of ${others.join(', ')}`),
  );
}

function rollbackText({ spec, previous }: StackService): string {
  const image = `${withoutDigest(spec.image)} → ${withoutDigest(previous?.image ?? '')}`;
  return `${image}, replicas ${spec.replicas ?? 'global'} → ${previous?.replicas ?? 'global'}`;
}
