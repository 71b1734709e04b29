/**
 * The entry of `npm start`, `npm test`, `npm run bench`, `npm run stack`, `npm run lab`, `npm run scaling`, `npm run faults` and `npm run fuzz`: builds what the
 * command needs, then runs it in this very process, so that a signal sent to npm reaches it. Plain JavaScript, since nothing is built yet when it starts.
 *
 * usage: node tools/run.mjs start|test|bench|stack|lab|scaling|faults|fuzz [--verbose] [arguments of the command]
 */
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL, URL } from 'node:url';

const commands = {
  start: {
    program: 'tools/local-stack/dist/start.js',
    projects: ['local-stack', 'addition', 'subtraction', 'multiplication', 'division', 'producer'],
  },
  // all of it: the conformance tests run the built apps
  test: { program: 'tools/local-stack/dist/test.js' },
  bench: { program: 'tools/bench/dist/index.js' },
  stack: { program: 'tools/stack/dist/index.js', projects: ['stack'] },
  lab: { program: 'tools/swarm-campaign/dist/index.js', projects: ['swarm-campaign', 'stack'] },
  scaling: { program: 'tools/scaling/dist/index.js', projects: ['scaling'] },
  faults: { program: 'tools/faults/dist/index.js', projects: ['faults'] },
  fuzz: { program: 'tools/fuzz/dist/index.js', projects: ['fuzz', 'addition', 'producer'] },
};

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const root = fileURLToPath(new URL('..', import.meta.url));

async function run(name, args) {
  const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined;
  if (command === undefined) {
    process.stderr.write(`usage: node tools/run.mjs ${Object.keys(commands).join('|')} [--verbose]\n`);
    return 2;
  }
  process.chdir(root);
  const built = await build(command.projects, args.includes('--verbose'));
  if (built === 'stopped') return name === 'start' ? 0 : 130;
  if (built === 'failed') {
    if (name === 'test') process.stdout.write('the build failed\n0 passed, 1 failed, 0 skipped\n');
    return 1;
  }
  const { main } = await import(pathToFileURL(join(root, command.program)).href);
  return main(args);
}

/** Builds the projects (default: all): `built`, `failed` (Nx's output is shown), or `stopped` by a signal. */
async function build(projects, isVerbose) {
  const chosen =
    projects === undefined ? [] : ['--projects', projects.map((name) => `@celeriac/${name}`).join(',')];
  const nx = spawn(
    process.execPath,
    [join(root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js'), 'run-many', '--target', 'build', ...chosen],
    {
      env: {
        ...process.env,
        // leave nothing behind: no background process, and no files in the machine's temporary folder
        NX_DAEMON: 'false',
        NX_ISOLATE_PLUGINS: 'false',
        NX_SKIP_NATIVE_FILE_CACHE: 'true',
        NX_TUI: 'false',
      },
      // a group of its own, so that a signal can be passed on to the compilers too
      detached: true,
      stdio: ['ignore', isVerbose ? process.stderr : 'pipe', isVerbose ? process.stderr : 'pipe'],
    },
  );
  const output = [];
  nx.stdout?.on('data', (chunk) => output.push(chunk));
  nx.stderr?.on('data', (chunk) => output.push(chunk));
  let isStopped = false;
  const stop = () => {
    if (!isStopped) process.kill(-nx.pid, 'SIGTERM');
    isStopped = true;
  };
  for (const signal of stopSignals) process.on(signal, stop);
  const [code] = await once(nx, 'close');
  for (const signal of stopSignals) process.off(signal, stop);
  if (isStopped) return 'stopped';
  if (code !== 0) process.stderr.write(Buffer.concat(output));
  return code === 0 ? 'built' : 'failed';
}

process.exitCode = await run(process.argv[2], process.argv.slice(3));
