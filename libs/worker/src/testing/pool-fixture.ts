import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { RecordingLogger } from '@celeriac/testing';
import { build } from 'esbuild';
import { createExecutionPool, type ExecutionPoolOptions } from '../pools/create-execution-pool.ts';
import type { ExecutionPool, PoolRun } from '../pools/execution-pool.ts';
import { poolTask } from './pool-task.ts';

/** The programs of threads and processes with a module of tasks, as an image has them: bundled, side by side. */
export class PoolBundle {
  readonly folder = mkdtempSync(join(tmpdir(), 'pool-bundle-'));
  readonly #tasks: string;

  /** @param tasks - name of a module of this folder */
  constructor(tasks = 'pool-tasks') {
    this.#tasks = tasks;
  }

  async build(): Promise<void> {
    await build({
      entryPoints: [`testing/${this.#tasks}.ts`, 'pools/pool-process.ts', 'pools/pool-thread.ts'].map(
        (file) => ({
          in: join(__dirname, '..', file),
          out: basename(file, '.ts'),
        }),
      ),
      outdir: this.folder,
      bundle: true,
      splitting: true, // errors are told apart by their classes, which must be the same in all of them
      platform: 'node',
      format: 'esm',
      conditions: ['@celeriac/source'],
      banner: { js: requireForPackages },
      logLevel: 'error',
    });
    this.write('package.json', '{ "type": "module" }');
  }

  /** @returns the path of a file that is put beside the programs */
  write(name: string, content: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Packages that are no ES modules ask for Node's own with it. */
const requireForPackages =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/** A pool of the tasks in pool-tasks.ts. */
export class PoolFixture {
  readonly logger = new RecordingLogger();
  readonly pool: ExecutionPool;
  readonly states: [state: string, meta: unknown][] = [];

  constructor(
    workerPool: 'threads' | 'processes',
    bundle: PoolBundle,
    options: Partial<ExecutionPoolOptions> = {},
  ) {
    this.pool = createExecutionPool({
      workerPool,
      concurrency: 1,
      tasksModule: join(bundle.folder, 'pool-tasks.js'),
      nodeName: 'pool@spec',
      logger: this.logger,
      ...options,
    });
  }

  /** Runs a task by its name. */
  run(name: string, ...args: unknown[]): PoolRun {
    return this.pool.run(poolTask(name, args), {
      onUpdateState: (state, meta) => this.states.push([state, meta]),
    });
  }
}

/** What a run was rejected with. */
export async function rejectionOf(run: PoolRun): Promise<Error> {
  const value = await run.result.catch((error: unknown) => error);
  if (value instanceof Error) return value;
  throw new Error('the run should have been rejected');
}

/** True while a process runs; one that has ended and that nobody has waited for counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/^\d+ \(.*\) Z/.test(readFileSync(stat, 'utf8'));
}
