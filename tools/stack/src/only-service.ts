import { parse, stringify } from 'yaml';

/**
 * Of what `docker stack config` writes, the stack with one service alone. Deployed, it leaves the other services of the stack
 * as they are.
 */
export function onlyService(stackConfig: string, name: string): string {
  const stack = parse(stackConfig) as { services: Record<string, unknown> };
  return stringify({ ...stack, services: { [name]: stack.services[name] } });
}
