import { readdir, readFile } from 'node:fs/promises';

/** Sends `signal` to every process of a group; a group that is gone is left in peace. */
export function signalGroup(processGroup: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-processGroup, signal);
  } catch {
    // ESRCH: the last of them ended before the signal came
  }
}

/**
 * The living processes of a group. A process that has ended and awaits its parent (a zombie) does not count: in a container
 * whose first process adopts no orphans it would stay for good.
 */
export async function livingProcesses(processGroup: number): Promise<number[]> {
  try {
    process.kill(-processGroup, 0);
  } catch {
    return [];
  }
  const entries = await readdir('/proc').catch(() => undefined);
  if (entries === undefined) return [processGroup]; // no /proc (macOS): the signal above found at least one
  const living: number[] = [];
  for (const entry of entries) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    // pid (name, which may hold spaces and parentheses) state parent group …
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(group) === processGroup && state !== 'Z' && state !== 'X') living.push(Number(entry));
  }
  return living;
}
