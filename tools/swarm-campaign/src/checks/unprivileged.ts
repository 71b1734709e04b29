import { hosts, type Host, type Lab } from '../lab.ts';

/** What `docker inspect` says of a container, as far as it is looked at. */
interface Container {
  readonly Name: string;
  readonly State: { readonly Pid: number };
  readonly Config: { readonly User: string };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly Privileged: boolean;
    readonly CapDrop: readonly string[] | null;
    readonly CapAdd: readonly string[] | null;
  };
}

/**
 * Looks at every container of a stack on every host, as Docker configured it and as the kernel runs it.
 *
 * @returns how many there are
 * @throws Error naming each container that is privileged, can write to its root file system, has a capability or is root
 */
export async function assertUnprivileged(lab: Lab, stack: string): Promise<number> {
  const faults: string[] = [];
  let count = 0;
  for (const host of hosts) {
    for (const container of await containersOf(lab, host, stack)) {
      count++;
      for (const fault of [...configured(container), ...(await running(lab, host, container))]) {
        faults.push(`${host}${container.Name} ${fault}`);
      }
    }
  }
  if (count === 0) throw new Error(`stack ${stack} has no container`);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return count;
}

async function containersOf(lab: Lab, host: Host, stack: string): Promise<readonly Container[]> {
  const filter = `label=com.docker.stack.namespace=${stack}`;
  const ids = (await lab.dockerOn(host, 'ps', '--quiet', '--filter', filter)).split('\n').filter(Boolean);
  if (ids.length === 0) return [];
  return JSON.parse(await lab.dockerOn(host, 'inspect', ...ids)) as readonly Container[];
}

function configured({ Config, HostConfig }: Container): readonly string[] {
  const faults: string[] = [];
  if (HostConfig.Privileged) faults.push('is privileged');
  if (!HostConfig.ReadonlyRootfs) faults.push('can write to its root file system');
  if (HostConfig.CapDrop?.includes('ALL') !== true) faults.push('does not drop all capabilities');
  if ((HostConfig.CapAdd ?? []).length > 0) faults.push(`adds capabilities: ${String(HostConfig.CapAdd)}`);
  if (/^(?:|root|0)(?::|$)/.test(Config.User)) faults.push(`runs as ${JSON.stringify(Config.User)}`);
  return faults;
}

/** The kernel's view of the first process: user ids, and the sets of capabilities that it has or could have. */
async function running(lab: Lab, host: Host, { State }: Container): Promise<readonly string[]> {
  const status = await lab.command('sh', host, 'cat', `/proc/${State.Pid}/status`);
  const field = (name: string): string =>
    new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? 'unknown';
  const faults: string[] = [];
  if (field('Uid').split(/\s+/).includes('0')) faults.push('has the user id 0');
  for (const set of ['CapPrm', 'CapEff', 'CapBnd']) {
    if (!/^0+$/.test(field(set))) faults.push(`has ${set} ${field(set)}`);
  }
  return faults;
}
