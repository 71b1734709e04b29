import { waitUntil } from '@celeriac/local-stack';
import { join } from 'node:path';
import type { Tags } from './campaign-images.ts';
import { CeleriacStack } from './celeriac-stack.ts';
import { hosts, type Lab } from './lab.ts';
import { Load } from './load.ts';
import { newRecordsFolder, untilCallsEnd, untilTasksRun, type RecordsFolder } from './records-folder.ts';
import type { Scenario, ScenarioContext } from './scenario.ts';
import { workers } from './services.ts';
import type { Tally } from './tally.ts';
import { runWalkthrough } from './walkthrough/run-walkthrough.ts';
import { judge, type Verdict, type Window } from './verdict.ts';

export interface PhaseOptions {
  readonly lab: Lab;
  readonly tally: Tally;
  readonly tags: Tags;
  readonly isFull: boolean;
  /** Three brokers instead of one. */
  readonly isCluster: boolean;
}

/** Calls per second of each caller. */
const rate = { short: 20, full: 40 };

/** One deployment of the stack, from its first answer to its removal. */
export class Phase {
  readonly stack: CeleriacStack;
  readonly #options: PhaseOptions;
  #folder: RecordsFolder | undefined;

  constructor(options: PhaseOptions) {
    this.#options = options;
    this.stack = new CeleriacStack(options.lab, options.isCluster);
  }

  /** @returns whether the stack answers; nothing else can be tried otherwise */
  async deploy(): Promise<boolean> {
    const { lab, tally, tags, isCluster } = this.#options;
    const programs = join(lab.root, 'tools', 'swarm-campaign', 'programs');
    this.#folder = await newRecordsFolder(await lab.sharedFolder(), programs);
    if (!isCluster) {
      return tally.check(
        "three hosts become a swarm and answer a calculation, by the README's commands",
        () => runWalkthrough(lab, 'deploy'),
      );
    }
    return tally.check('deployed with three brokers; a calculation is answered', async () => {
      await lab.command('up', '--nodes', '3'); // all of them members of the swarm
      for (const [index, host] of hosts.entries()) {
        await lab.docker('node', 'update', '--label-add', `rabbitmq=${index + 1}`, host);
      }
      await this.stack.deploy(tags.current);
      await this.stack.services.allRunning(this.stack.defaultCounts);
      await waitUntil(async () => (await sum(await addresses(lab))) === 9, {
        what: '7 + 2 is answered with 9',
        timeoutMs: 60_000,
      });
    });
  }

  /** Runs scenarios under load, one after the other, and has each of them judged once the callers have ended. */
  async underLoad(scenarios: readonly Scenario[]): Promise<readonly Verdict[]> {
    const { lab, tally, isFull } = this.#options;
    if (scenarios.length === 0) return [];
    const folder = this.#folder;
    if (folder === undefined) throw new Error('the stack is not deployed');
    const load = new Load({ lab, stack: this.stack, folder, rate: isFull ? rate.full : rate.short });
    const windows: Window[] = [];
    try {
      if (!(await tally.check('the callers have begun', () => this.#begin(load, folder)))) return [];
      for (const scenario of scenarios) windows.push(await this.#runScenario(scenario, load, folder));
    } finally {
      await tally.check('the callers have ended', () => load.stop());
    }
    const verdicts: Verdict[] = [];
    for (const window of windows) {
      await tally.check(`nothing lost, doubled or wrong: ${window.scenario.name}`, async () => {
        const verdict = await judge(folder, window);
        verdicts.push(verdict);
        if (!verdict.isGood) throw new Error(JSON.stringify(verdict.report, undefined, 1));
      });
    }
    return verdicts;
  }

  async remove(): Promise<void> {
    await this.#options.tally.check('removed with all that it had', async () => {
      await this.stack.remove();
      await this.assertGone();
    });
  }

  /** Hosts clean up after the manager has forgotten the stack. @throws Error naming what stays on any of them */
  async assertGone(): Promise<void> {
    let left: readonly string[] = [];
    const isGone = async (): Promise<boolean> =>
      (left = await remains(this.#options.lab, this.stack.name)).length === 0;
    const options = { what: 'nothing of the stack is left', timeoutMs: 90_000, intervalMs: 500 };
    await waitUntil(isGone, options).catch((error: unknown) => {
      throw new Error(left.join('\n'), { cause: error });
    });
  }

  async #begin(load: Load, folder: RecordsFolder): Promise<void> {
    await load.start();
    await untilTasksRun(folder, workers);
  }

  async #runScenario(scenario: Scenario, load: Load, folder: RecordsFolder): Promise<Window> {
    const { lab, tally, tags, isFull } = this.#options;
    const context: ScenarioContext = { lab, stack: this.stack, tags, isFull };
    const from = Date.now();
    await tally.check(scenario.name, async () => {
      await scenario.run(context);
      await untilTasksRun(folder, workers);
      await load.assertRunning();
    });
    const to = Date.now();
    await untilCallsEnd(folder, to);
    return { scenario, from, to };
  }
}

function addresses(lab: Lab): Promise<readonly string[]> {
  return Promise.all(hosts.map((host) => lab.address(host)));
}

/** Asks the first producer that can be reached for 7 + 2; undefined when it does not answer yet. */
async function sum(hostAddresses: readonly string[]): Promise<unknown> {
  for (const address of hostAddresses) {
    const url = `http://${address}:8000`;
    try {
      const call = await fetch(`${url}/tasks/add`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ args: [{ num_1: 7, num_2: 2 }] }),
      });
      if (!call.ok) continue;
      const { status_url: path } = (await call.json()) as { readonly status_url: string };
      const answer = await fetch(`${url}${path}?wait=5`);
      const { result } = (await answer.json()) as { readonly result?: unknown };
      return result;
    } catch {
      // no producer on that host
    }
  }
  return undefined;
}

/** What a stack has left behind on any host. */
async function remains(lab: Lab, stack: string): Promise<readonly string[]> {
  const filter = `label=com.docker.stack.namespace=${stack}`;
  const left: string[] = [];
  for (const kind of ['network', 'secret', 'config', 'service']) {
    const found = await lab.docker(kind, 'ls', '--quiet', '--filter', filter);
    if (found !== '') left.push(`${kind}: ${found.replaceAll('\n', ' ')}`);
  }
  for (const host of hosts) {
    for (const [kind, args] of [
      ['container', ['ps', '--all']],
      ['volume', ['volume', 'ls']],
    ] as const) {
      const found = await lab.dockerOn(host, ...args, '--quiet', '--filter', filter);
      if (found !== '') left.push(`${kind} on ${host}: ${found.replaceAll('\n', ' ')}`);
    }
  }
  return left;
}
