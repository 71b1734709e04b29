import type { ChildProcess } from 'node:child_process';

/** True until the process has ended. */
export function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** How it ended: `SIGKILL`, `exit code 1`. */
export function describeEnd(child: ChildProcess): string {
  return child.signalCode ?? `exit code ${String(child.exitCode)}`;
}
