import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runWalkthrough, type WalkthroughLab } from './run-walkthrough.ts';

const readme = `## On Docker Swarm

### Images

\`\`\`sh
export CELERIAC_IMAGE_PREFIX=registry.example.com/celeriac/
\`\`\`

### One machine

\`\`\`sh
# on node-2
docker service scale celeriac_addition=10
\`\`\`

\`\`\`text
celeriac_addition scaled to 10
verify: Service celeriac_addition converged
\`\`\`

\`\`\`sh
docker node ls
\`\`\`

\`\`\`text
HOSTNAME   STATUS
node-1     Ready
\`\`\`
`;

const scaled = 'celeriac_addition scaled to 10\nverify: Service celeriac_addition converged';
const ready = 'HOSTNAME   STATUS\nn1         Ready';

describe('runWalkthrough', () => {
  let root: string;
  let ran: { script: string; node: string | undefined }[];

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'walkthrough-'));
    await writeFile(join(root, 'README.md'), readme);
    await writeFile(join(root, 'package.json'), '{"version":"0.1.0"}');
    ran = [];
  });

  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  /** A lab that prints these, one for each block that is run. */
  function lab(...outputs: readonly (string | Error)[]): WalkthroughLab {
    return {
      root,
      address: (host) => Promise.resolve(`198.18.90.1${host.slice(1)}`),
      dockerOn: () => Promise.resolve(''),
      run: (_program, args, env) => {
        ran.push({ script: args[1] ?? '', node: env?.['SWARM_LAB_NODE'] });
        const output = outputs[ran.length - 1] ?? new Error('ran too often');
        return output instanceof Error ? Promise.reject(output) : Promise.resolve(output);
      },
    };
  }

  it('runs each block on its host, with what was exported before', async () => {
    await runWalkthrough(lab(scaled, ready), 'compose');
    expect(ran.map(({ node }) => node)).toEqual(['n2', undefined]);
    expect(ran[0]?.script).toContain('export CELERIAC_IMAGE_PREFIX=celeriac/\ndocker service scale');
  });

  it('repeats a block that only looks until it agrees', async () => {
    await runWalkthrough(
      lab(scaled, new Error('no manager'), ready.replace('Ready', 'Down'), ready),
      'compose',
    );
    expect(ran).toHaveLength(4);
  });

  it.each([
    ['a changed line', scaled.replace('10', '9'), 'printed was     celeriac_addition scaled to 9'],
    ['a missing line', 'celeriac_addition scaled to 10', 'printed was     (nothing more)'],
    ['a line more', `${scaled}\nand more`, 'the README has  (nothing more)'],
    ['a command that fails', new Error('bash ended with 1: no such service'), 'no such service'],
  ])('throws for %s, without running it again', async (_what, output, said) => {
    const run = runWalkthrough(lab(output, ready), 'compose');
    await expect(run).rejects.toThrow(said);
    await expect(run).rejects.toThrow(
      'README.md:11 (One machine)\ndocker service scale celeriac_addition=10',
    );
    expect(ran).toHaveLength(1);
  });

  it('throws for a part whose heading is gone', async () => {
    await expect(runWalkthrough(lab(), 'cluster')).rejects.toThrow('### Three brokers');
  });

  it('throws for a heading that is in no part', async () => {
    await writeFile(join(root, 'README.md'), readme.replace('### One machine', '### Another'));
    await expect(runWalkthrough(lab(), 'images')).rejects.toThrow('"Another" is in no part');
  });
});
