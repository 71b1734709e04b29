import { waitUntil } from '@celeriac/local-stack';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hosts, type Host, type Lab } from '../lab.ts';
import { commandsForLab, inLab, type LabNames } from './documented-names.ts';
import { firstDifference } from './first-difference.ts';
import { normaliseOutput } from './normalise-output.ts';
import { stepsOf, type WalkthroughPart } from './walkthrough-parts.ts';
import { walkthroughSteps, type WalkthroughStep } from './walkthrough-steps.ts';

/** What the walk-through needs of the lab. */
export type WalkthroughLab = Pick<Lab, 'root' | 'run' | 'dockerOn' | 'address'>;

/** Longest wait until a command that only looks prints what the README has. */
const lookTimeoutMs = 240_000;

/** Commands that only look, and one that does nothing while it fails: repeated until Swarm has done what it was told. */
const repeatable =
  /^(?:docker (?:service (?:ls|ps|logs|inspect)|node (?:ls|ps)|network ls|ps|exec|volume (?:ls|rm)|compose \S+ \S+ ps)\b|curl )/;

/**
 * Runs one part of the README's walk-through on Docker Swarm as it stands, and compares what each block prints with what the
 * README shows (`normaliseOutput` says what is left out of account). A block of commands that only look is repeated until it
 * agrees, since Swarm goes on working after a command has returned.
 *
 * The hosts are n1, n2 and n3 of a lab that is up (`swarm-lab up --managers 0` before `deploy`), its registry has RabbitMQ's
 * image, and /shared the programs and folders that tools/swarm-campaign/stack.lab.yml needs. What is put for something else:
 *
 * - node-1, node-2, node-3 and their addresses: n1, n2, n3 and theirs; for the producer's port, a host that runs one;
 * - the join token of the README: the swarm's own;
 * - the registry: none is named, as images in the lab's registry keep their names;
 * - the tag 0.1.1: that of the campaign's next images, `<version>-next`, which are in the registry already;
 * - the loopback, on which Compose publishes the producer: all addresses of the host, which the lab reaches it by;
 * - `docker stack deploy`: with `-c tools/swarm-campaign/stack.lab.yml` behind the README's own files.
 *
 * `operate` wants the stack as `deploy` leaves it: two replicas of each, images of the version, three active hosts.
 *
 * @throws Error with the line of the README, what it shows and what was printed, at the first block that differs or fails
 */
export async function runWalkthrough(lab: WalkthroughLab, part: WalkthroughPart): Promise<void> {
  const all = walkthroughSteps(await readFile(join(lab.root, 'README.md'), 'utf8'));
  for (const step of stepsOf(part, all)) {
    // as in one terminal, what was exported stays
    const exports = all
      .slice(0, all.indexOf(step))
      .flatMap(({ script }) => script.match(/^export .*$/gm) ?? []);
    await runStep(lab, step, exports);
  }
}

async function runStep(
  lab: WalkthroughLab,
  step: WalkthroughStep,
  exports: readonly string[],
): Promise<void> {
  const attempt = async (): Promise<string | undefined> => {
    const names = await labNames(lab, step);
    // one stream, so that output and complaints keep their order; a command that fails ends the block
    const script = ['set -eo pipefail; exec 2>&1', ...exports, step.script].join('\n');
    let printed: string;
    try {
      printed = await lab.run('bash', ['-c', commandsForLab(script, names)], environment(step));
    } catch (error) {
      return `failed: ${(error as Error).message}`;
    }
    if (step.expected === undefined) return undefined;
    const expected = normaliseOutput(step.expected).map((line) => inLab(line, names));
    return firstDifference(expected, normaliseOutput(printed));
  };
  let difference = await attempt();
  if (difference !== undefined && isRepeatable(step)) {
    const again = async (): Promise<boolean> => (difference = await attempt()) === undefined;
    const options = { what: 'it agrees', timeoutMs: lookTimeoutMs, intervalMs: 1000 };
    // the difference says more than that the time is up
    await waitUntil(again, options).catch(() => undefined);
  }
  if (difference !== undefined) {
    throw new Error(`README.md:${step.line} (${step.heading})\n${step.script}${difference}`);
  }
}

function isRepeatable({ script }: WalkthroughStep): boolean {
  return script
    .trimEnd()
    .split('\n')
    .every((line) => repeatable.test(line));
}

/** Without a host of its own a command goes to a manager, and one about images to the builder. */
function environment({ host }: WalkthroughStep): NodeJS.ProcessEnv {
  return {
    SWARM_LAB_NODE: host?.replace('node-', 'n'),
    NX_DAEMON: 'false',
    NX_TUI: 'false',
    CELERIAC_HOST_IP: '0.0.0.0',
  };
}

/** Asked anew before each step, as tasks move and the swarm may be another one; the token only where it is needed. */
async function labNames(lab: WalkthroughLab, { script }: WalkthroughStep): Promise<LabNames> {
  const addresses = await Promise.all(hosts.map((host) => lab.address(host)));
  const { version } = JSON.parse(await readFile(join(lab.root, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const producer = script.includes('curl ') ? await producerHost(lab) : hosts[0];
  return {
    addresses,
    producerAddress: addresses[hosts.indexOf(producer)] ?? '',
    joinToken: script.includes('SWMTKN-')
      ? await lab.dockerOn(hosts[0], 'swarm', 'join-token', '--quiet', 'worker')
      : '',
    nextTag: `${version}-next`,
  };
}

/** A host that runs a producer of the stack; the first one where there is no stack. */
async function producerHost(lab: WalkthroughLab): Promise<Host> {
  const running = ['--filter', 'desired-state=running', '--format', '{{.Node}}'];
  const list = await lab.dockerOn(hosts[0], 'service', 'ps', ...running, 'celeriac_producer').catch(() => '');
  return hosts.find((host) => list.split('\n').includes(host)) ?? hosts[0];
}
