import { float } from '@celeriac/protocol';
import { loadavg } from 'node:os';
import type { EventDispatcher } from './event-dispatcher.ts';
import { software } from './software.ts';

/** How busy a worker is. */
export interface WorkerLoad {
  /** Tasks that run. */
  readonly active: number;
  /** Tasks that have been started. */
  readonly processed: number;
}

export interface HeartOptions {
  readonly dispatcher: EventDispatcher;
  /** Time between two beats, in ms. Receivers take a worker for dead after two of them. */
  readonly intervalMs: number;
  readonly load: () => WorkerLoad;
}

/**
 * Tells that a worker is there: online, a beat every so often, offline.
 *
 * [EVENT-WORKER] Source: Celery 5.7.0, celery/worker/heartbeat.py `Heart`, celery/utils/sysinfo.py `load_average`;
 * recorded events: `worker-online`, `worker-heartbeat`, `worker-offline`.
 */
export class Heart {
  readonly #options: HeartOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HeartOptions) {
    this.#options = options;
  }

  /** Begins, or begins anew after the connection was lost; Celery says that it is online each time as well. */
  start(): void {
    clearInterval(this.#timer);
    this.#send('worker-online');
    this.#timer = setInterval(() => {
      this.#send('worker-heartbeat');
    }, this.#options.intervalMs).unref();
  }

  /** No beats for now. */
  pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Ends, with a word where it beats. */
  stop(): void {
    if (this.#timer === undefined) return;
    this.pause();
    this.#send('worker-offline');
  }

  #send(type: string): void {
    const { dispatcher, intervalMs, load } = this.#options;
    const { active, processed } = load();
    const loads = loadavg().map((average) => float(Math.ceil(average * 100) / 100));
    dispatcher.send(type, { freq: float(intervalMs / 1000), active, processed, loadavg: loads, ...software });
  }
}
