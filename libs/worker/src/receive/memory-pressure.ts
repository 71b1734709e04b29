import type { Delivery } from '@celeriac/amqp-transport';
import { containerLimitBytes } from '@celeriac/primitives';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { Intake } from './intake.ts';

/** Parts of the memory that may be taken: no messages are taken above the first, until less than the second is. */
const highMark = 0.85;
const lowMark = 0.75;
const intervalMs = 1000;
/** A delivery of this size is worth a look by itself, in bytes. */
const largeBytes = 256 * 1024;
/** What V8 keeps for new objects, beside the old ones that its limit is about. */
const newObjectsBytes = 48 * 1024 * 1024;

export interface MemoryPressureOptions {
  readonly intake: Intake;
  /** Whether nothing runs or waits: nothing would become free then, so that a pause would not end. */
  readonly isIdle: () => boolean;
  /** What part of its memory the process has taken. Default: of the heap, or of the container's limit if that is more. */
  readonly measure?: (() => number) | undefined;
}

/** Stops the taking of messages before the process runs out of memory: V8 ends it, or the kernel does. */
export class MemoryPressure {
  readonly #options: MemoryPressureOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MemoryPressureOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(this.check, intervalMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  delivered({ body }: Delivery): void {
    if (body.length >= largeBytes) this.check();
  }

  readonly check = (): void => {
    const { intake, isIdle, measure = takenPart } = this.#options;
    const part = measure();
    if (part < lowMark || isIdle()) intake.resume('memory');
    else if (part > highMark) intake.pause('memory', { takenPercent: Math.round(part * 100) });
  };
}

function takenPart(): number {
  const limit = containerLimitBytes();
  const ofContainer = limit === undefined ? 0 : process.memoryUsage.rss() / limit;
  return Math.max(ofContainer, heapPart());
}

/** Of the space for old objects, which is what V8 ends the process for. */
function heapPart(): number {
  const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics();
  const newSpace = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
  return (used - (newSpace?.space_used_size ?? 0)) / (limit - Math.min(newObjectsBytes, limit / 4));
}
