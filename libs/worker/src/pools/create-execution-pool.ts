import { guardLogger, ImproperlyConfiguredError, type Logger } from '@celeriac/primitives';
import type { ChildHandle } from './child-handle.ts';
import { ChildPool } from './child-pool.ts';
import { findChildProgram } from './child-programs.ts';
import type { ExecutionPool } from './execution-pool.ts';
import { tasksModuleUrl } from './load-holders.ts';
import type { ChildStart, RunMessage } from './pool-messages.ts';
import { ProcessChild } from './process-child.ts';
import { ThreadChild } from './thread-child.ts';

export interface ExecutionPoolOptions {
  /** `prefork` is Celery's name for processes. */
  readonly workerPool: 'threads' | 'processes' | 'prefork';
  /** `worker_concurrency`: how many tasks may run at a time, each in a thread or process of its own. */
  readonly concurrency: number;
  /** URL or path of the module that exports the tasks: each thread and process imports it. */
  readonly tasksModule: string | URL | undefined;
  readonly nodeName: string;
  readonly logger: Logger;
  readonly acceptContent?: readonly string[] | undefined;
  readonly maxBodyBytes?: number | undefined;
  readonly maxBodyValues?: number | undefined;
  /** `worker_max_tasks_per_child`. Default: no limit. */
  readonly maxTasksPerChild?: number | undefined;
  /**
   * `worker_max_memory_per_child`, in KiB: of a process its resident size, of a thread its heap and what that holds
   * outside. Looked at after each task. Default: no limit.
   */
  readonly maxMemoryPerChildKib?: number | undefined;
  /** Options of node for threads and processes. Default: those of the worker, as far as they concern more than itself. */
  readonly execArgv?: readonly string[] | undefined;
}

/**
 * Makes a pool of threads or processes. Threads share the worker's memory limit and its process id, and one that crashes
 * in native code takes the worker along; processes are apart.
 *
 * @throws ImproperlyConfiguredError when there is no module of tasks, the program of the pool cannot be found, or
 * the concurrency is not a whole number of at least 1
 */
export function createExecutionPool(options: ExecutionPoolOptions): ExecutionPool {
  const { workerPool, nodeName, acceptContent, maxBodyBytes, maxBodyValues, execArgv } = options;
  if (options.tasksModule === undefined) {
    throw new ImproperlyConfiguredError(
      `worker_pool '${workerPool}' needs the module of the tasks, as its threads or processes import it: ` +
        "give tasksModule, as in runWorkerApp(tasks, { tasksModule: new URL('./tasks.js', import.meta.url) })",
    );
  }
  const module = tasksModuleUrl(options.tasksModule);
  const start: ChildStart = {
    tasksModule: module.href,
    nodeName,
    acceptContent,
    maxBodyBytes,
    maxBodyValues,
  };
  const kind = workerPool === 'threads' ? 'threads' : 'processes';
  const program = findChildProgram(kind === 'threads' ? 'pool-thread' : 'pool-process', module);
  const logger = guardLogger(options.logger);
  const onIdleMessage = (message: RunMessage): void => {
    if (message.type === 'log') logger[message.level](message.fields, message.message);
  };
  const startChild = (): ChildHandle =>
    kind === 'threads'
      ? new ThreadChild(program, start, execArgv, onIdleMessage)
      : new ProcessChild(program, start, execArgv, onIdleMessage);
  return new ChildPool({ ...options, logger, kind, startChild });
}
