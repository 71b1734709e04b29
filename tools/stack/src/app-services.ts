import { StackError } from './stack-error.ts';

/** The services whose images are ours, and the variable of swarm-stack.yml that has the replicas of each. */
export const replicasVariables = {
  addition: 'ADDITION_REPLICAS',
  subtraction: 'SUBTRACTION_REPLICAS',
  multiplication: 'MULTIPLICATION_REPLICAS',
  division: 'DIVISION_REPLICAS',
  producer: 'PRODUCER_REPLICAS',
} as const;

export const appServices: readonly string[] = Object.keys(replicasVariables);

/** The workers among them; each consumes the queue of its name, as a user of its name. */
export const workerServices: readonly string[] = appServices.filter((name) => name !== 'producer');

/**
 * The services that an operator has named, all of ours when none.
 *
 * @throws StackError for a service that is not ours, such as a broker: those have one replica and their own image
 */
export function chosenAppServices(named: readonly string[]): readonly string[] {
  const stranger = named.find((name) => !appServices.includes(name));
  if (stranger !== undefined) {
    throw new StackError(`"${stranger}" is none of ${appServices.join(', ')}`);
  }
  return named.length === 0 ? appServices : [...new Set(named)];
}
