import type { PoolChild } from './pool-child.ts';

/** From now on, what nothing catches in this thread or process is told to the worker, and does not end it. */
export function surviveEscapedErrors(child: PoolChild): void {
  for (const origin of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(origin, (caught: unknown) => {
      child.escaped(caught, origin);
    });
}
