/**
 * Errors that escaped: a promise that rejects while nothing awaits it, a callback that throws out of the event loop. Tasks
 * leave them behind, often after their end. See docs/decisions/0029.
 *
 * | escaped | from | the worker |
 * | --- | --- | --- |
 * | rejection | anything | goes on |
 * | exception | a callback of a task or of a package that it uses | goes on; the run that it came from fails, where that is known |
 * | exception | a callback of these libraries | finishes: warm shutdown |
 */
import { CeleryError, coerceError, type Logger } from '@celeriac/primitives';
import type { ActiveRuns } from './active-runs.ts';

/** How an error escaped, in the words of `process`. */
export type EscapeOrigin = 'uncaughtException' | 'unhandledRejection';

/** What the worker makes of it: `go-on`, or `finish`: it is to be stopped warm, as its own state is in doubt. */
export type EscapeVerdict = 'go-on' | 'finish';

export interface StrayErrorsOptions {
  readonly active: ActiveRuns;
  /** Names of the tasks that are served. */
  readonly names: () => readonly string[];
  readonly logger: Logger;
}

/** Most tasks that a line names. */
const mostNamed = 10;

export class StrayErrors {
  readonly #options: StrayErrorsOptions;
  #count = 0;

  constructor(options: StrayErrorsOptions) {
    this.#options = options;
  }

  take(caught: unknown, origin: EscapeOrigin): EscapeVerdict {
    const { active, logger } = this.#options;
    const err = coerceError(caught);
    const fields = { origin, count: ++this.#count, ...this.#suspects(err), err };
    if (origin === 'uncaughtException' && isFaultOfOurs(err)) {
      logger.error(fields, 'an error escaped from the worker itself, it finishes');
      return 'finish';
    }
    logger.error(fields, 'an error escaped from a task, the worker goes on');
    const run = active.trace.current;
    active.trace.start();
    if (origin === 'uncaughtException') run?.strayed(err);
    return 'go-on';
  }

  /** The task that it came from, or those that it may have come from. */
  #suspects(err: Error): Readonly<Record<string, unknown>> {
    const { active, names } = this.#options;
    const run = active.trace.current;
    if (run !== undefined) return { taskId: run.id, task: run.received.opened.name };
    const named = names().filter((name) => isNamedIn(err.stack, name));
    const suspects = named.length > 0 ? { tasks: named.slice(0, mostNamed) } : {};
    const running = new Set<string>();
    for (const { received } of active) {
      if (running.size === mostNamed) break;
      running.add(received.opened.name);
    }
    return { ...suspects, running: [...running], lastEnded: active.lastEnded };
  }
}

/** Whether a function of the task's name stands in a stack. */
function isNamedIn(stack: string | undefined, task: string): boolean {
  const name = task.slice(task.lastIndexOf('.') + 1);
  return stack !== undefined && (stack.includes(` ${name} (`) || stack.includes(`.${name} (`));
}

const ownPackages = /[\\/]node_modules[\\/](?:@celeriac[\\/]|amqplib[\\/])/;

/**
 * Whether the event loop called code of these libraries, which threw. Errors that they make on purpose are not meant: tasks
 * throw those on. In a bundle there are no packages to tell apart, and all is taken for the task's.
 */
function isFaultOfOurs(err: Error): boolean {
  if (err instanceof CeleryError || typeof err.stack !== 'string') return false;
  const frames = err.stack.split('\n').filter((line) => /^ +at /.test(line) && !line.includes('node:'));
  return ownPackages.test(frames.at(-1) ?? '');
}
