import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { CommandError } from './command-errors.ts';

/**
 * Writes the process id to a file that nobody else may hold, and gives how to remove it.
 *
 * A file that a process left behind when it died is replaced. So is one that holds our own id: in a container every first
 * process has the same.
 *
 * Source: Celery 5.7.0, celery/platforms.py `create_pidlock`, `Pidfile.remove_if_stale`.
 *
 * @throws CommandError when a process that lives has it, when it holds no process id, or it cannot be written
 */
export function takePidFile(path: string, pid: number): () => void {
  const text = `${pid}\n`;
  if (!tryToWrite(path, text)) {
    removeStale(path, pid);
    if (!tryToWrite(path, text)) throw new CommandError(`pidfile ${path}: another process has just taken it`);
  }
  return () => {
    // it may be another's by now, if someone removed ours
    if (read(path) === text) rmSync(path, { force: true });
  };
}

function tryToWrite(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o644 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw new CommandError(`pidfile ${path} cannot be written (${codeOf(error)})`, { cause: error });
  }
}

function removeStale(path: string, ownPid: number): void {
  const text = read(path);
  if (text === undefined) return; // gone meanwhile
  const pid = /^\d+$/.test(text.trim()) ? Number(text) : undefined;
  if (pid === undefined)
    throw new CommandError(`pidfile ${path} holds no process id; remove it, or name another file`);
  if (pid !== ownPid && isAlive(pid))
    throw new CommandError(`pidfile ${path} exists: the worker seems to be running already (pid ${pid})`);
  rmSync(path, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM'; // it lives, and belongs to somebody else
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new CommandError(`pidfile ${path} cannot be read (${codeOf(error)})`, { cause: error });
  }
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
}
