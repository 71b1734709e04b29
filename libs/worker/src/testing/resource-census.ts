import type { EventEmitter } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What a process holds, after a garbage collection. */
export interface ResourceCensus {
  /** What keeps the event loop alive, how many of each: sockets, timers… */
  readonly active: Readonly<Record<string, number>>;
  /** In bytes. */
  readonly heapUsed: number;
}

export function takeCensus(): ResourceCensus {
  collectGarbage();
  const active: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo().sort()) active[name] = (active[name] ?? 0) + 1;
  return { active, heapUsed: process.memoryUsage().heapUsed };
}

/** Listeners of all events of an emitter. */
export function listenerCount(emitter: Pick<EventEmitter, 'eventNames' | 'listenerCount'>): number {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
}
