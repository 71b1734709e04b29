import { awaitConvergence, observeBefore } from './await-convergence.ts';
import type { Action, CommonOptions } from './command-line.ts';
import { deployVariables } from './deploy-variables.ts';
import type { Docker } from './docker.ts';
import { onlyService } from './only-service.ts';
import { digestVariables } from './read-contents.ts';
import { brokerHosts } from './secret-contents.ts';
import { StackError } from './stack-error.ts';
import { readServices, stackLabel, type StackService } from './stack-services.ts';
import { assertBrokerNodes, readNodes } from './swarm-nodes.ts';
import { stackFileOptions } from './stack-file-options.ts';
import { removeUnusedContents } from './unused-contents.ts';
import { versionedContents } from './versioned-contents.ts';

/** Without `--detach`, newer clients wait in a way of their own. Nodes pull with the login of this client. */
const deployOptions = ['--detach=true', '--with-registry-auth'];

type DeployAction = Extract<Action, { readonly action: 'deploy' }> & CommonOptions;

/** Deploys the stack files, waits until everything runs by them, and removes the secrets and configs that they replaced. */
export async function deploy(docker: Docker, root: string, action: DeployAction): Promise<void> {
  const { stack, isCluster, tag } = action;
  const contents = versionedContents(action);
  const digests = await digestVariables(root, contents);
  assertBrokerNodes(await readNodes(docker), isCluster);
  const services = await readServices(docker, stack);
  assertSameBrokers(services, action);

  const environment = deployVariables({ stack, tag, digests, services, given: process.env });
  const fileOptions = stackFileOptions(action);
  const before = await observeBefore(docker, stack, services);

  if (isCluster && services.length > 0) {
    const stackConfig = await docker.ask({ args: ['stack', 'config', ...fileOptions], environment });
    await updateBrokers(docker, stackConfig, services, action);
  }
  await docker.change({ args: ['stack', 'deploy', ...deployOptions, ...fileOptions, stack], environment });

  const deployed = docker.isPrintOnly ? services : await readServices(docker, stack);
  const names = deployed.map(({ name }) => name);
  await awaitConvergence(docker, { stack, services: names, before, timeoutMs: action.timeoutMs });
  if (docker.isPrintOnly) {
    docker.say('# then removes the secrets and configs that no service uses any more');
    return;
  }
  const existing = await readContentNames(docker, stack);
  const now = await readServices(docker, stack);
  for (const command of removeUnusedContents({ stack, contents, digests, services: now, existing })) {
    await docker.change(command);
  }
}

/**
 * One broker after the other, each when the one before has run for as long as Swarm watches an update, while `docker stack
 * deploy` updates all services at once: three brokers that restart together are none. And one broker that becomes three
 * has to be back before the others come, which would make a cluster of their own.
 */
async function updateBrokers(
  docker: Docker,
  stackConfig: string,
  services: readonly StackService[],
  { stack, timeoutMs }: DeployAction,
): Promise<void> {
  for (const host of brokerHosts.cluster) {
    const service = services.find(({ name }) => name === host);
    if (service === undefined) continue;
    const before = await observeBefore(docker, stack, [service]);
    docker.say(`# of what docker stack config has written, ${service.name} alone:`);
    const args = ['stack', 'deploy', ...deployOptions, '--compose-file', '-', stack];
    await docker.change({ args, input: onlyService(stackConfig, service.name) });
    await awaitConvergence(docker, { stack, services: [service.name], before, timeoutMs });
  }
}

async function readContentNames(docker: Docker, stack: string): Promise<ReadonlySet<string>> {
  const list = (kind: string): Promise<string> =>
    docker.ask({
      args: [kind, 'ls', '--filter', `label=${stackLabel}=${stack}`, '--format', '{{.Name}}'],
    });
  const names = `${await list('config')}\n${await list('secret')}`;
  return new Set(names.split('\n').filter((name) => name !== ''));
}

/** A cluster that is deployed as one broker would lose its first member to a broker of its own. */
function assertSameBrokers(services: readonly StackService[], { stack, isCluster }: DeployAction): void {
  if (isCluster || services.every(({ name }) => name !== brokerHosts.cluster[1])) return;
  throw new StackError(
    `${stack} runs three brokers: deploy it with --cluster, or remove it first to start again with one`,
  );
}
