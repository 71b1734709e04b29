import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { bundleApp, type AppBundle } from './bundle-app.ts';
import { licenseTexts } from './license-texts.ts';

const root = join(__dirname, '../../..');

describe('bundleApp', () => {
  let outDir: string;
  let bundle: AppBundle;

  beforeAll(async () => {
    outDir = mkdtempSync(join(tmpdir(), 'bundle-app-'));
    bundle = await bundleApp({ root, appDir: 'apps/addition', outDir });
    await bundleApp({ root, appDir: 'apps/producer', outDir: join(outDir, 'producer') });
  });

  afterAll(() => {
    rmSync(outDir, { recursive: true });
  });

  it('holds what a worker is made of, and no tool', () => {
    const names = bundle.packages.map(({ name }) => name);

    expect(bundle).toMatchObject({ name: '@celeriac/addition', version: '0.1.0' });
    expect(names).toEqual(expect.arrayContaining(['amqplib', 'pino']));
    expect(names).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/fastify|jest|typescript|esbuild/)]),
    );
  });

  it('is the same to the byte when it is made again elsewhere', async () => {
    const again = join(outDir, 'again');
    await bundleApp({ root, appDir: 'apps/addition', outDir: again });

    for (const file of ['main.js', 'main.js.map', 'package.json']) {
      expect(readFileSync(join(again, file)).equals(readFileSync(join(outDir, file)))).toBe(true);
    }
  });

  it('maps to our sources by their names in the workspace', () => {
    const { sources } = JSON.parse(readFileSync(join(outDir, 'main.js.map'), 'utf8')) as {
      sources: string[];
    };

    expect(sources).toEqual(
      expect.arrayContaining(['apps/addition/src/main.ts', 'libs/worker/src/worker.ts']),
    );
  });

  it('has the programs of its pool, which load its tasks', async () => {
    const child = fork(join(outDir, 'pool-process.js'), { execArgv: [], serialization: 'advanced' });
    const ended = once(child, 'exit');
    const tasksModule = pathToFileURL(join(outDir, 'tasks.js')).href;

    child.send({ type: 'start', start: { tasksModule, nodeName: 'addition@spec' } });

    expect(await once(child, 'message')).toEqual([{ type: 'ready' }, undefined]);
    child.disconnect();
    await ended;
    expect(readdirSync(outDir)).toContain('pool-thread.js');
  });

  it('has none for an app without tasks', () => {
    expect(readdirSync(join(outDir, 'producer')).filter((name) => /pool|tasks/.test(name))).toEqual([]);
  });

  it('keeps the names of classes, which Python sees', () => {
    const code = readFileSync(join(outDir, 'main.js'), 'utf8');

    expect(code).toContain('__name(this, "PythonError")');
  });

  it('runs as an ES module with the packages inside, and reads the environment', () => {
    const env = { PATH: process.env['PATH'], CELERY_BROKR_URL: 'x' };
    const run = (): string =>
      execFileSync(process.execPath, [join(outDir, 'producer/main.js')], {
        env,
        encoding: 'utf8',
        stdio: 'pipe',
      });

    expect(run).toThrow(/producer: 1 setting is wrong:\n {2}CELERY_BROKR_URL is not a setting/);
  });

  it('brings along the files of the pages', () => {
    const folder = join(outDir, 'producer/node_modules/@fastify/swagger-ui/static');

    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['logo.svg', 'swagger-ui-bundle.js']));
    expect(statSync(join(folder, 'swagger-ui.css')).size).toBeGreaterThan(1000);
  });

  it('has a licence for each package, in licenseTexts', () => {
    const texts = licenseTexts(bundle.packages, root);

    expect(texts).toMatch(/^sonic-boom \S+ \(MIT\)\n\nMIT License/m);
    expect(texts.split('-'.repeat(80))).toHaveLength(bundle.packages.length);
  });

  it('refuses an app that cannot be bundled', async () => {
    await expect(bundleApp({ root, appDir: 'apps/none', outDir })).rejects.toThrow('apps/none/src/main.ts');
  });
});
