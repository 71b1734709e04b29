/** `npm run lab`: the stack on a real swarm of three hosts, under load, while things happen to it. See docs/campaign.md. */
import { writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import {
  assertReproducible,
  buildImages,
  checkBuiltImages,
  pushImages,
  type Tags,
} from './campaign-images.ts';
import { runContractCalls } from './checks/contract-calls.ts';
import { assertNoWarnings } from './checks/stack-config.ts';
import { assertUnprivileged } from './checks/unprivileged.ts';
import { surviveWrongPassword } from './checks/wrong-password.ts';
import { Lab } from './lab.ts';
import { Phase } from './phase.ts';
import type { Scenario } from './scenario.ts';
import { clusterScenarios, singleBrokerScenarios } from './scenarios/index.ts';
import { verdictTable } from './table.ts';
import { Tally } from './tally.ts';
import type { Verdict } from './verdict.ts';
import { runWalkthrough } from './walkthrough/run-walkthrough.ts';
import type { WalkthroughPart } from './walkthrough/walkthrough-parts.ts';

/**
 * Runs the campaign and prints a line for each check, the table of what was counted, and `N passed, N failed`. Where no
 * Docker engine can be started it says why in one line that begins with `skipped: `.
 *
 * @returns the exit code
 */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== '--verbose'),
    options: {
      full: { type: 'boolean', default: false },
      only: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  const lab = new Lab(process.cwd());
  const missing = await lab.missing();
  if (missing !== undefined) {
    process.stdout.write(`skipped: swarm campaign: ${missing}\n0 passed, 0 failed\n`);
    return 0;
  }
  const tally = new Tally();
  const verdicts = await runCampaign(lab, tally, {
    isFull: values.full,
    only: values.only,
    isKept: values.keep,
  });
  if (verdicts.length > 0) {
    const table = verdictTable(verdicts);
    const folder = join(lab.root, 'tools', 'swarm-campaign', 'test-output');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'verdicts.json'), JSON.stringify(verdicts, undefined, 2));
    process.stdout.write(`\n${table}\n`);
  }
  process.stdout.write(`${String(tally)}\n`);
  return tally.failed === 0 ? 0 : 1;
}

interface CampaignOptions {
  readonly isFull: boolean;
  /** Keys of the scenarios to run, separated by commas; default all. */
  readonly only: string | undefined;
  /** Leaves the hosts and the last stack running. */
  readonly isKept: boolean;
}

async function runCampaign(lab: Lab, tally: Tally, options: CampaignOptions): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  const chosen = (scenarios: readonly Scenario[]): readonly Scenario[] =>
    scenarios.filter(({ key }) => options.only === undefined || options.only.split(',').includes(key));
  try {
    const tags = await prepare(lab, tally);
    if (tags === undefined) return verdicts;
    const phase = { lab, tally, tags, isFull: options.isFull };
    const single = new Phase({ ...phase, isCluster: false });
    if (!(await single.deploy())) return verdicts;
    await checkDeployment(lab, tally, single);
    verdicts.push(...(await single.underLoad(chosen(singleBrokerScenarios))));
    await tally.check('a wrong broker password: said, waited out, and over once it is right', () =>
      surviveWrongPassword(lab, single.stack),
    );
    if (options.isKept) return verdicts;
    if (await walk(lab, tally, 'operate', 'scaled, updated, rolled back, drained, removed')) {
      await tally.check('nothing of the stack is left', () => single.assertGone());
    } else await single.remove();
    await walk(lab, tally, 'compose', 'the same images on one machine');
    if (chosen(clusterScenarios).length === 0) return verdicts;
    const cluster = new Phase({ ...phase, isCluster: true });
    if (await cluster.deploy()) verdicts.push(...(await cluster.underLoad(chosen(clusterScenarios))));
    await cluster.remove();
    if (options.isFull) await walk(lab, tally, 'cluster', 'three brokers');
  } finally {
    if (!options.isKept) await takeDown(lab, tally);
  }
  return verdicts;
}

/** Images and hosts. @returns undefined when something is missing that all the rest needs */
async function prepare(lab: Lab, tally: Tally): Promise<Tags | undefined> {
  let tags: Tags | undefined;
  const isReady =
    (await tally.check('base images are made', () => lab.command('images', 'node', 'rabbitmq', 'celery'))) &&
    (await tally.check('the images are built', async () => (tags = await buildImages(lab)))) &&
    (await tally.check('three hosts are up', () => lab.command('up', '--nodes', '3', '--managers', '0')));
  if (!isReady || tags === undefined) return undefined;
  const built = tags;
  await tally.check('a second build without caches gives the same image', () =>
    assertReproducible(lab, built),
  );
  for (const { image, title, problems } of await checkBuiltImages(lab, built)) {
    await tally.check(`${image} ${title}`, () => assertNone(problems));
  }
  return (await tally.check('the registry has the images', () => pushImages(lab, built))) ? built : undefined;
}

async function walk(lab: Lab, tally: Tally, part: WalkthroughPart, what: string): Promise<boolean> {
  return tally.check(`the README's commands: ${what}`, () => runWalkthrough(lab, part));
}

/** @throws Error naming the problems, if there are any */
function assertNone(problems: readonly string[]): Promise<void> {
  return problems.length === 0 ? Promise.resolve() : Promise.reject(new Error(problems.join('\n')));
}

async function checkDeployment(lab: Lab, tally: Tally, { stack }: Phase): Promise<void> {
  await tally.check('the stack files give no warning', () => assertNoWarnings(lab));
  await tally.check('every container is unprivileged, read-only and without capabilities', () =>
    assertUnprivileged(lab, stack.name),
  );
  await tally.check('Python Celery gets from every task what a Python worker would give', () =>
    runContractCalls(lab, stack),
  );
}

async function takeDown(lab: Lab, tally: Tally): Promise<void> {
  await tally.check('the lab is gone: no process, namespace, link, mount or volume is left', async () => {
    await lab.command('down');
    await lab.command('leftovers');
  });
}
