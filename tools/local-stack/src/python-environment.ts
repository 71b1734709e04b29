import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Logger } from '@celeriac/primitives';
import { coerceError, silentLogger } from '@celeriac/primitives';

import { canInstallDebianPackages, installDebianPackages } from './debian-packages.ts';
import { LocalStackError } from './local-stack-error.ts';
import { pythonRequirements } from './python-requirements.ts';
import type { CeleryLine } from './python-requirements.ts';
import { lastLines, runCommand } from './run-command.ts';
import { findWorkspaceRoot } from './workspace-root.ts';

/** A Python with Celery and Flask in it. Run Celery as `python -m celery`. */
export interface PythonInterpreter {
  readonly executable: string;
  /** Version of Celery, such as `5.2.7`. */
  readonly celery: string;
  readonly source: 'pypi' | 'debian';
}

/** What could not be had, and why, in one line. */
export interface Skipped {
  readonly skipped: string;
}

export type PythonEnvironment = Readonly<Record<CeleryLine, PythonInterpreter | Skipped>>;

export interface OpenPythonOptions {
  /** Told what is installed. Default: nobody. */
  readonly log?: Logger;
  /** The workspace's folder; the environments are kept in its `node_modules/.cache`. Default: found from the current folder. */
  readonly root?: string;
  readonly signal?: AbortSignal;
}

/** Written last: an environment without it was not finished. Holds Celery's version. */
const COMPLETE = 'celeriac-complete';

/** Prints Celery's version if what the tests use imports and works. */
const PROBE = [
  'import celery, flask',
  'app = celery.Celery(broker="memory://", backend="rpc://")',
  'app.connection().connect()',
  'print(celery.__version__)',
].join('\n');

/**
 * Python with the newest Celery and with the oldest one we support, each in a virtual environment of the tests' own, made once
 * and kept. Where PyPI is out of reach, Debian's own package; where neither is to be had, the reason.
 *
 * On Debian as root, a Python that is missing or cannot make virtual environments is installed.
 */
export async function openPython(options: OpenPythonOptions = {}): Promise<PythonEnvironment> {
  const { log = silentLogger, root = findWorkspaceRoot(), signal } = options;
  const python = await basePython(log, signal);
  if (typeof python !== 'string') {
    const system = (await debianInterpreter(log, signal)) ?? python;
    return { newest: system, oldest: system };
  }
  const context: Context = {
    log,
    signal,
    python,
    folder: join(root, 'node_modules', '.cache', 'celeriac-python'),
  };
  const newest = await interpreterOf('newest', context);
  const oldest = await interpreterOf('oldest', context);
  return { newest, oldest };
}

interface Context {
  readonly log: Logger;
  readonly signal: AbortSignal | undefined;
  readonly python: string;
  readonly folder: string;
}

/** A Python that can make virtual environments. */
async function basePython(log: Logger, signal: AbortSignal | undefined): Promise<string | Skipped> {
  if (await canMakeEnvironments('python3')) return 'python3';
  if (await canInstallDebianPackages()) {
    try {
      await installDebianPackages(['python3', 'python3-venv'], { log, signal });
    } catch (caught) {
      return {
        skipped: `no Python that can make virtual environments: ${oneLine(coerceError(caught).message)}`,
      };
    }
    // the distribution's own, even where another python3 comes first on the search path
    for (const python of ['python3', '/usr/bin/python3'])
      if (await canMakeEnvironments(python)) return python;
  }
  return { skipped: 'no Python that can make virtual environments: install python3 and python3-venv' };
}

async function canMakeEnvironments(python: string): Promise<boolean> {
  return (await runCommand(python, ['-c', 'import venv, ensurepip'])).code === 0;
}

async function interpreterOf(line: CeleryLine, context: Context): Promise<PythonInterpreter | Skipped> {
  const failures: string[] = [];
  for (const requirements of pythonRequirements[line]) {
    const made = await environmentWith(requirements, line, context);
    if (!('skipped' in made)) return made;
    failures.push(made.skipped);
    context.signal?.throwIfAborted();
  }
  const fromDebian = await debianInterpreter(context.log, context.signal);
  if (fromDebian !== undefined) return fromDebian;
  return { skipped: `Python Celery (${line}) could not be installed: ${failures.join('; ')}` };
}

async function environmentWith(
  requirements: readonly string[],
  line: CeleryLine,
  { log, signal, python, folder }: Context,
): Promise<PythonInterpreter | Skipped> {
  const version = (await runCommand(python, ['-c', 'import sys; print(sys.version, sys.prefix)'])).output;
  const key = createHash('sha256')
    .update([version, ...requirements].join('\n'))
    .digest('hex')
    .slice(0, 12);
  const home = join(folder, `${line}-${key}`);
  const executable = join(home, 'bin', 'python');
  const kept = await readFile(join(home, COMPLETE), 'utf8').catch(() => undefined);
  if (kept !== undefined && (await probe(executable)) === kept)
    return { executable, celery: kept, source: 'pypi' };
  try {
    log.info({ requirements: requirements.join(' ') }, `installing Python Celery (${line}) for the tests`);
    await rm(home, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await must('python3 -m venv', python, ['-m', 'venv', home], signal);
    const quietly = ['--quiet', '--no-input', '--disable-pip-version-check', '--retries', '2'];
    const install = ['-m', 'pip', 'install', ...quietly];
    await must('pip install', executable, [...install, ...requirements], signal);
    const celery = await probe(executable);
    if (celery === undefined)
      throw new LocalStackError(`${requirements.join(' ')} does not run on this Python`);
    await writeFile(join(home, COMPLETE), celery);
    return { executable, celery, source: 'pypi' };
  } catch (caught) {
    await rm(home, { recursive: true, force: true });
    return { skipped: oneLine(coerceError(caught).message) };
  }
}

/** Debian's python3-celery in the system's Python, installed where we may. */
async function debianInterpreter(
  log: Logger,
  signal: AbortSignal | undefined,
): Promise<PythonInterpreter | undefined> {
  const executable = '/usr/bin/python3';
  let celery = await probe(executable);
  if (celery === undefined && (await canInstallDebianPackages())) {
    const installed = await installDebianPackages(['python3-celery', 'python3-flask'], { log, signal }).then(
      () => true,
      (caught: unknown) => {
        log.warn({ error: coerceError(caught) }, "Debian's python3-celery could not be installed");
        return false;
      },
    );
    if (installed) celery = await probe(executable);
  }
  return celery === undefined ? undefined : { executable, celery, source: 'debian' };
}

async function probe(executable: string): Promise<string | undefined> {
  const { code, output } = await runCommand(executable, ['-W', 'ignore', '-c', PROBE], { timeoutMs: 60_000 });
  return code === 0 ? output.trim() : undefined;
}

async function must(
  what: string,
  command: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { code, output } = await runCommand(command, args, { signal });
  if (code !== 0) throw new LocalStackError(`${what} failed: ${lastLines(output, 2)}`);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
