import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { projectsWith, removeTallies, tallyPath, testKinds } from './test-kinds.ts';

const [unit, integration] = testKinds;

describe('projectsWith', () => {
  let root: string;

  async function file(path: string, text = ''): Promise<void> {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'celeriac-spec-'));
    await file('package.json', '{"workspaces":["libs/*","conformance"]}');
    await file('libs/one/jest.config.cjs');
    await file('libs/two/jest.config.cjs');
    await file('libs/two/jest.integration.config.cjs');
    await file('libs/README.md');
    await file('conformance/jest.integration.config.cjs');
  });

  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  it('finds the workspaces with a configuration for the kind', async () => {
    expect(await projectsWith(unit, root)).toEqual(['libs/one', 'libs/two']);
    expect(await projectsWith(integration, root)).toEqual(['libs/two', 'conformance']);
  });

  it("removes an earlier run's report of that kind alone", async () => {
    await file('libs/two/test-output/unit.json');
    await file('libs/two/test-output/integration.json');
    await removeTallies(unit, ['libs/one', 'libs/two'], root);
    expect(await readdir(join(root, 'libs/two/test-output'))).toEqual(['integration.json']);
    expect(tallyPath(integration, 'libs/two', root)).toBe(
      join(root, 'libs/two/test-output/integration.json'),
    );
  });
});
