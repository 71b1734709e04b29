import { replicasVariables } from './app-services.ts';
import type { StackService } from './stack-services.ts';

export interface DeployVariablesOptions {
  readonly stack: string;
  readonly tag: string | undefined;
  readonly digests: Readonly<Record<string, string>>;
  /** The services that are there already. */
  readonly services: readonly StackService[];
  /** Variables that the operator has set; they go before what is there. */
  readonly given: Readonly<Record<string, string | undefined>>;
}

/**
 * What `docker stack deploy` is told by variables: the digests of secrets and configs, the tag where one is asked for, and
 * the replicas that each service has now, without which a deploy undoes `docker service scale`.
 */
export function deployVariables(options: DeployVariablesOptions): Readonly<Record<string, string>> {
  const { stack, tag, digests, services, given } = options;
  const variables: Record<string, string> = { ...digests };
  if (stack !== 'celeriac') variables['CELERIAC_STACK'] = stack;
  if (tag !== undefined) variables['CELERIAC_TAG'] = tag;
  for (const [name, variable] of Object.entries(replicasVariables)) {
    const replicas = services.find((service) => service.name === name)?.spec.replicas;
    if (replicas !== undefined && !isSet(given[variable])) variables[variable] = String(replicas);
  }
  return variables;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
