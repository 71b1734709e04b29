import type { Transport } from '@celeriac/amqp-transport';
import type { Clock, Logger } from '@celeriac/primitives';
import type { TaskSignals } from '../task-signals.ts';
import type { WorkerSettings } from '../worker-settings.ts';
import { EventDispatcher } from './event-dispatcher.ts';
import { EventPublisher } from './event-publisher.ts';
import { Heart, type WorkerLoad } from './heart.ts';
import { TaskEvents } from './task-events.ts';

export interface WorkerEventsOptions {
  readonly transport: Transport;
  readonly signals: TaskSignals;
  readonly settings: WorkerSettings;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly load: () => WorkerLoad;
}

/** Whether a worker tells what becomes of its tasks, as Celery's remote control switches it. */
export interface TaskEventsSwitch {
  readonly isEnabled: boolean;
  /** `enable_events`; false when they were on already. */
  enable(): boolean;
  /** `disable_events`, which has its effect also where `worker_send_task_events` is set; false when they were off already. */
  disable(): boolean;
}

/**
 * What a worker tells monitors: that it is there, and with `worker_send_task_events` what becomes of its tasks.
 *
 * Task events cost nothing while they are off: nobody makes them. Nothing waits for any event, and none of them can fail
 * a task; while the broker is away they are lost, but for the few that are kept.
 */
export class WorkerEvents implements TaskEventsSwitch {
  readonly #signals: TaskSignals;
  readonly #publisher: EventPublisher;
  readonly #dispatcher: EventDispatcher;
  readonly #heart: Heart | undefined;
  readonly #taskEvents: TaskEvents;
  #isStarted = false;

  constructor({ signals, settings, transport, load, ...sender }: WorkerEventsOptions) {
    const { eventExchange: exchange, workerHeartbeatIntervalMs: intervalMs } = settings;
    const { logger } = sender;
    this.#signals = signals;
    this.#publisher = new EventPublisher({
      transport,
      exchange,
      logger,
      onOpen: () => this.#heart?.start(),
      onLost: () => this.#heart?.pause(),
    });
    this.#dispatcher = new EventDispatcher({ ...sender, publisher: this.#publisher, exchange });
    this.#heart =
      intervalMs === 0 ? undefined : new Heart({ dispatcher: this.#dispatcher, intervalMs, load });
    this.#taskEvents = new TaskEvents(this.#dispatcher);
    if (settings.workerSendTaskEvents) this.enable();
  }

  get isEnabled(): boolean {
    return this.#signals.events !== undefined;
  }

  enable(): boolean {
    if (this.isEnabled) return false;
    this.#signals.events = this.#taskEvents;
    if (this.#isStarted) this.#publisher.open();
    return true;
  }

  disable(): boolean {
    if (!this.isEnabled) return false;
    this.#signals.events = undefined;
    return true;
  }

  /** Before the first task comes. Does not wait for the broker. */
  start(): void {
    this.#isStarted = true;
    if (this.#heart !== undefined || this.isEnabled) this.#publisher.open();
  }

  /** After the last task has ended, while there still is a connection. May be called twice. */
  async stop(): Promise<void> {
    this.disable();
    this.#dispatcher.flush();
    this.#heart?.stop();
    await this.#publisher.close();
  }
}
