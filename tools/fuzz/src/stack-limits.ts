import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

/** What swarm-stack.yml allows a service. */
export interface StackLimits {
  /** `NODE_OPTIONS`, such as `--max-old-space-size=128`. */
  readonly nodeOptions: string;
  /** The memory limit of its container, in bytes. */
  readonly memoryBytes: number;
}

interface StackFile {
  readonly services: Readonly<
    Record<
      string,
      | {
          readonly environment: Readonly<Record<string, string>>;
          readonly deploy: { readonly resources: { readonly limits: { readonly memory: string } } };
        }
      | undefined
    >
  >;
}

const units: Readonly<Record<string, number>> = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/**
 * The limits of a service of swarm-stack.yml.
 *
 * @param root the workspace's folder
 * @throws Error when the file has no such service, or its limit is not a number of K, M or G
 */
export async function stackLimits(root: string, service: string): Promise<StackLimits> {
  const stack = parse(await readFile(join(root, 'swarm-stack.yml'), 'utf8'), { merge: true }) as StackFile;
  const found = stack.services[service];
  if (found === undefined) throw new Error(`swarm-stack.yml has no service ${service}`);
  const { memory } = found.deploy.resources.limits;
  const unit = units[memory.slice(-1)];
  const count = Number(memory.slice(0, -1));
  if (unit === undefined || !(count > 0))
    throw new Error(`memory limit of ${service} is ${memory}, not one such as 256M`);
  return { nodeOptions: found.environment['NODE_OPTIONS'] ?? '', memoryBytes: count * unit };
}
