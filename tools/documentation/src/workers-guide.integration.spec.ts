import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { codeBlocks } from './code-blocks.ts';
import { printedLines } from './printed-lines.ts';
import { Program } from './program.ts';

const root = join(__dirname, '..', '..', '..');
const nativeCompiler = join(root, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
const page = 'docs/workers.md';
const blocks = codeBlocks(readFileSync(join(root, page), 'utf8'));

/** The files of the page's program: the blocks that are named for a file, one after the other. */
const files = new Map<string, string>();
for (const { path, code } of blocks)
  if (path !== undefined) files.set(path, `${files.get(path) ?? ''}${code}`);

describe(page, () => {
  let folder: string;

  beforeAll(async () => {
    const output = join(__dirname, '..', 'test-output');
    await mkdir(output, { recursive: true });
    folder = await mkdtemp(join(output, 'workers-'));
    for (const [path, code] of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), code);
    }
    const config = {
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: { customConditions: [], composite: false, rootDir: 'src', outDir: 'dist' },
      include: ['src'],
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('has nothing but its two files, and what a worker writes to its log', () => {
    expect([...files.keys()]).toEqual(['src/tasks.ts', 'src/main.ts']);
    expect(blocks.filter(({ path }) => path === undefined).map(({ language }) => language)).toEqual(['text']);
  });

  it('has a program that compiles, and prints what it says it prints', async () => {
    // Nx has its tasks print in colours
    const plain = { FORCE_COLOR: undefined, NODE_ENV: undefined };
    const env = { ...process.env, ...plain, CELERY_BROKER_URL: brokerUrl() };
    await new Program(`"${process.execPath}" "${nativeCompiler}" -p .`, { cwd: folder, env }).finish();
    const printed = await new Program(`"${process.execPath}" dist/main.js`, { cwd: folder, env }).finish();
    expect(printed.trimEnd().split('\n')).toEqual(printedLines(files.get('src/main.ts') ?? ''));
  });
});

function brokerUrl(): string {
  const url = process.env['CELERIAC_TEST_BROKER_URL'];
  if (url === undefined) throw new Error('CELERIAC_TEST_BROKER_URL is unset: run this through `npm test`');
  return url;
}
