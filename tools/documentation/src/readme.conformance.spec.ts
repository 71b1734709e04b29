import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

import { freePort, shownBrokerUrl, skippedTitle } from '@celeriac/local-stack';

import { codeBlocks, type CodeBlock } from './code-blocks.ts';
import { writeCurl } from './curl.ts';
import { printedLines } from './printed-lines.ts';
import { Program } from './program.ts';

const root = join(__dirname, '..', '..', '..');
/** Wants a Swarm of three hosts: `npm run lab` runs it (tools/swarm-campaign/src/walkthrough). */
const walkthrough = 'On Docker Swarm';
const allBlocks = codeBlocks(readFileSync(join(root, 'README.md'), 'utf8'));
const blocks = allBlocks.filter(({ section }) => section !== walkthrough);
const python = process.env['CELERIAC_TEST_PYTHON_NEWEST'];

/** Where the README has the producer and the broker of `npm start`. */
const documented = { producer: 'http://127.0.0.1:8000', broker: 'amqp://127.0.0.1:5672' };

/** `npm ci` would replace what runs this test; whoever runs it has run that before. */
const install = 'npm ci && ';

const nativeCompiler = join(root, 'node_modules', '@typescript', 'native', 'bin', 'tsc');

/**
 * The README from top to bottom, as a newcomer goes through it: every block in its order, in a folder inside the workspace
 * that stands for the workspace's own, so that nothing of it stays. What is put for something else:
 *
 * - the addresses of producer and broker: those of this run;
 * - `npx nx build @celeriac/power`: the compiler that Nx would run, as the folder is no project of the workspace; and the
 *   built libraries are what it compiles against, in place of the references that `nx sync` writes;
 * - `npx nx build @celeriac/command-line`: `npm test` has built it;
 * - `npx celeriac`: what npx would find, as npx itself goes to the folder of the package that this folder lies in;
 * - `npm test`: this is it.
 *
 * The blocks of the walk-through on Docker Swarm are left out.
 */
describe('the README', () => {
  let folder: string;
  let producer: string;
  let env: NodeJS.ProcessEnv;
  let stack: Program | undefined;
  const others: Program[] = [];

  beforeAll(async () => {
    const output = join(__dirname, '..', 'test-output');
    await mkdir(output, { recursive: true });
    folder = await mkdtemp(join(output, 'readme-'));
    await writeCurl(join(folder, 'stand-ins'));
    const base = { extends: join(root, 'tsconfig.base.json'), compilerOptions: { customConditions: [] } };
    await writeFile(join(folder, 'tsconfig.base.json'), JSON.stringify(base));
    const port = String(await freePort());
    producer = `http://127.0.0.1:${port}`;
    env = {
      ...newcomersEnvironment(),
      PORT: port,
      CELERY_BROKER_URL: brokerUrl(),
      // behind everything that the machine has itself
      PATH: [process.env['PATH'], join(folder, 'stand-ins')].join(delimiter),
    };
  });

  afterAll(async () => {
    for (const program of [...others, stack]) await program?.end('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  });

  /** A text of the README with this run's addresses. */
  function here(text: string, broker: string): string {
    return text.replaceAll(documented.producer, producer).replaceAll(documented.broker, broker);
  }

  function run(line: string): Promise<string> {
    return new Program(line, { cwd: folder, env }).finish();
  }

  async function inFolder(path: string, text: string): Promise<string> {
    const full = join(folder, path);
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, text);
    return full;
  }

  /** Runs a command of the README; those that go on running are left running once they are ready. */
  async function runLine(line: string): Promise<string> {
    if (line === `${install}npm start`) {
      // its exit code shall not be the shell's
      stack = new Program(`exec ${line.slice(install.length)}`, { cwd: root, env });
      return `${await stack.line(/^ready /)}\n`;
    }
    if (line === `${install}npm test` || line === 'npx nx build @celeriac/command-line') return '';
    if (line === 'npx nx sync && npx nx build @celeriac/power') {
      return run(`"${process.execPath}" "${nativeCompiler}" --build apps/power/tsconfig.lib.json`);
    }
    if (line === 'node apps/power/dist/main.js') {
      const worker = new Program(line, { cwd: folder, env });
      others.push(worker);
      await worker.line(/"worker ready"/);
      return '';
    }
    const celeriac = `"${join(root, 'node_modules', '.bin', 'celeriac')}"`;
    return run(here(line.replace(/^npx celeriac/, celeriac), brokerUrl()));
  }

  /** What a block of commands shall print: the block of text below it, or what the program that it runs says. */
  async function expectedOf(block: CodeBlock): Promise<string> {
    const next = blocks[blocks.indexOf(block) + 1];
    if (next?.language === 'text' && next.heading === block.heading) {
      return here(next.code, shownBrokerUrl(brokerUrl()));
    }
    const program = /\S+\.mts$/.exec(block.code.trim())?.[0];
    if (program === undefined) return '';
    return lines(printedLines(await readFile(join(folder, program), 'utf8')));
  }

  async function runCommands(block: CodeBlock): Promise<void> {
    let output = '';
    for (const line of block.code.trimEnd().split('\n')) {
      const written = await runLine(line);
      output += written === '' || written.endsWith('\n') ? written : `${written}\n`;
    }
    expect(output).toBe(await expectedOf(block));
  }

  async function checkFile(block: CodeBlock, path: string): Promise<void> {
    const file = await inFolder(path, block.code);
    if (path.endsWith('.json')) expect(JSON.parse(block.code)).toBeInstanceOf(Object);
    // the other files are compiled by the command that builds them
    if (!path.endsWith('.mts')) return;
    const config = { extends: './tsconfig.base.json', files: [file] };
    await inFolder('tsconfig.program.json', JSON.stringify(config));
    await run(
      `"${process.execPath}" "${nativeCompiler}" -p tsconfig.program.json --noEmit --composite false`,
    );
  }

  for (const block of blocks) {
    const title = `${block.heading}: ${block.path ?? block.code.split('\n')[0] ?? ''} (line ${block.line})`;
    const { path } = block;
    if (path !== undefined) it(`has a good file: ${title}`, () => checkFile(block, path));
    else if (block.language === 'sh') it(`has commands that work: ${title}`, () => runCommands(block));
    else if (block.language === 'python') {
      if (python === undefined) {
        const reason = process.env['CELERIAC_TEST_PYTHON_SKIP_REASON'];
        it.skip(skippedTitle(`has a Python program that works: ${title}`, reason), () => undefined);
      } else {
        it(`has a Python program that works: ${title}`, async () => {
          const program = await inFolder('program.py', block.code);
          expect(await run(`"${python}" -W ignore "${program}"`)).toBe(lines(printedLines(block.code)));
        });
      }
    }
  }

  it('has a walk-through on Docker Swarm that is run elsewhere', () => {
    expect(allBlocks.length - blocks.length).toBeGreaterThan(20);
  });

  it('has no block of another kind, and no text but drawings and what commands print', () => {
    expect([...new Set(blocks.map(({ language }) => language))].sort()).toEqual([
      'json',
      'python',
      'sh',
      'text',
      'ts',
    ]);
    const unnamed = blocks.filter(
      ({ language, path }) => ['ts', 'json'].includes(language) && path === undefined,
    );
    expect(unnamed).toEqual([]);
    const texts = blocks.filter(({ language }) => language === 'text');
    const afterCommands = texts.filter((block) => blocks[blocks.indexOf(block) - 1]?.language === 'sh');
    expect(texts.length - afterCommands.length).toBe(1); // the drawing
  });

  it('is right that Ctrl-C stops everything', async () => {
    expect(await stack?.end('SIGINT')).toBe(0);
    await expect(fetch(producer)).rejects.toThrow();
  });
});

function brokerUrl(): string {
  const url = process.env['CELERIAC_TEST_BROKER_URL'];
  if (url === undefined) throw new Error('CELERIAC_TEST_BROKER_URL is unset: run this through `npm test`');
  return url;
}

/** The environment without what npm, Nx and jest have put there: a terminal has none of it. */
function newcomersEnvironment(): NodeJS.ProcessEnv {
  const ofRunners = /^(?:NX_|npm_|JEST_|NODE_ENV$|FORCE_COLOR$|CELERIAC_|CELERY_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ofRunners.test(name)));
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
