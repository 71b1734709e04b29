import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { waitUntil } from '@celeriac/local-stack';
import type { ProbeReport } from './event-loop-probe.ts';
import type { StackLimits } from './stack-limits.ts';

export interface ProcessOptions {
  /** The workspace's folder; the apps and this tool are built. */
  readonly root: string;
  /** The folder of `apps`. */
  readonly app: string;
  readonly limits: StackLimits;
  readonly env: NodeJS.ProcessEnv;
  /** Answers `/health/live` and `/health/ready`. */
  readonly healthUrl: string;
}

/** What was seen of a process. */
export interface Observation {
  readonly longestStallMs: number;
  /** The most memory it ever held, in bytes: VmHWM. */
  readonly peakResidentBytes: number;
  readonly memoryLimitBytes: number;
  /** Answers to `/health/live`, and how long the slowest took. */
  readonly healthAnswers: number;
  readonly slowestHealthMs: number;
  /** Lines of the log by their message. */
  readonly logged: ReadonlyMap<string, number>;
}

const healthIntervalMs = 250;
/** A health check of the stack takes no longer. */
const healthTimeoutMs = 5000;
const keptLines = 20;

/**
 * A built app that runs with the stack's limits: watched for its end, its memory, its event loop and its health.
 *
 * The heap is limited as in the stack. The container's limit is not set but compared with the peak that the kernel kept,
 * so that this needs neither root nor cgroups.
 */
export class ProcessUnderTest {
  readonly #child: ChildProcess;
  readonly #options: ProcessOptions;
  readonly #logged = new Map<string, number>();
  readonly #lastLines: string[] = [];
  readonly #ended: Promise<string>;
  /** The fields of its last line, that of the end. */
  #lastLine: Readonly<Record<string, unknown>> = {};
  #longestStallMs = 0;
  #peakResidentBytes = 0;
  #healthAnswers = 0;
  #slowestHealthMs = 0;
  #failure: string | undefined;
  #isReady = false;
  #isStopping = false;

  private constructor(options: ProcessOptions) {
    this.#options = options;
    const { app, env, limits, root } = options;
    const probe = pathToFileURL(join(root, 'tools/fuzz/dist/event-loop-probe.js')).href;
    this.#child = spawn(
      process.execPath,
      ['--enable-source-maps', '--import', probe, join(root, 'apps', app, 'dist/main.js')],
      { env: { ...env, NODE_OPTIONS: limits.nodeOptions }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
    );
    this.#ended = once(this.#child, 'exit').then(
      ([code, signal]) => `${app} ended with ${String(signal ?? code)}`,
    );
    this.#child.on('message', (report: ProbeReport) => {
      // what it takes to load the program is no stall
      if (this.#isReady) this.#longestStallMs = Math.max(this.#longestStallMs, report.longestStallMs);
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream !== null) createInterface({ input: stream }).on('line', this.#line);
  }

  /** Starts it and waits until it is ready. @throws Error when it ends instead, or takes more than a minute */
  static async start(options: ProcessOptions): Promise<ProcessUnderTest> {
    const started = new ProcessUnderTest(options);
    void started.#ended.then((how) => {
      if (!started.#isStopping) started.#failure = how;
    });
    await waitUntil(
      async () => {
        started.assertAlive();
        return (await started.#probe('ready')) === 200;
      },
      { what: `${options.app} is ready`, timeoutMs: 60_000 },
    );
    started.#isReady = true;
    void started.#watch();
    return started;
  }

  /** The fields of the last line of its log. */
  get lastLine(): Readonly<Record<string, unknown>> {
    return this.#lastLine;
  }

  /** @throws Error when it has ended, or was not live when asked */
  assertAlive(): void {
    if (this.#failure === undefined) return;
    throw new Error(`${this.#failure}; its last lines:\n${this.#lastLines.join('\n')}`);
  }

  /** Ends it as an orchestrator does, with SIGTERM, and waits. @throws Error when it had ended before */
  async stop(): Promise<Observation> {
    this.assertAlive();
    await this.#readMemory();
    this.#isStopping = true;
    this.#child.kill('SIGTERM');
    await this.#ended;
    return {
      longestStallMs: this.#longestStallMs,
      peakResidentBytes: this.#peakResidentBytes,
      memoryLimitBytes: this.#options.limits.memoryBytes,
      healthAnswers: this.#healthAnswers,
      slowestHealthMs: this.#slowestHealthMs,
      logged: this.#logged,
    };
  }

  /** Ends it at once, if it still runs. */
  kill(): void {
    this.#isStopping = true;
    this.#child.kill('SIGKILL');
  }

  readonly #line = (line: string): void => {
    if (this.#lastLines.push(line.slice(0, 2000)) > keptLines) this.#lastLines.shift();
    let message = 'not JSON';
    try {
      const fields = JSON.parse(line) as Record<string, unknown>;
      this.#lastLine = fields;
      message = String(fields['msg']);
    } catch {
      // a line that Node itself wrote, such as that the heap is full
    }
    this.#logged.set(message, (this.#logged.get(message) ?? 0) + 1);
  };

  async #watch(): Promise<void> {
    while (!this.#hasEnded()) {
      const startMs = performance.now();
      const status = await this.#probe('live');
      const tookMs = performance.now() - startMs;
      if (this.#hasEnded()) return;
      if (status === 200) this.#healthAnswers++;
      else this.#failure ??= `/health/live of ${this.#options.app} was answered with ${status ?? 'nothing'}`;
      this.#slowestHealthMs = Math.max(this.#slowestHealthMs, tookMs);
      await this.#readMemory();
      await new Promise((resolve) => setTimeout(resolve, healthIntervalMs));
    }
  }

  /** Read again after each wait: it changes meanwhile. */
  #hasEnded(): boolean {
    return this.#isStopping || this.#failure !== undefined;
  }

  /** The status, or undefined without an answer. */
  #probe(what: 'live' | 'ready'): Promise<number | undefined> {
    return new Promise((resolve) => {
      const request = get(
        `${this.#options.healthUrl}/health/${what}`,
        { timeout: healthTimeoutMs, agent: false },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      request.once('timeout', () => request.destroy());
      request.once('error', () => {
        resolve(undefined);
      });
    });
  }

  async #readMemory(): Promise<void> {
    const status = await readFile(`/proc/${this.#child.pid ?? 0}/status`, 'utf8').catch(() => '');
    const peak = status.split('\n').find((line) => line.startsWith('VmHWM:'));
    if (peak !== undefined) this.#peakResidentBytes = parseInt(peak.slice(6), 10) * 1024;
  }
}
