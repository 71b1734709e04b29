import type { Clock, Logger } from '@celeriac/primitives';
import { leastDelayMs, type DelayedDelivery } from './delayed-delivery.ts';
import { EtaSchedule } from './eta-schedule.ts';
import { HandOver, type ExcessTask } from './hand-over.ts';
import { RateLimitedTasks } from './rate-limited-tasks.ts';
import type { ReceivedTask } from './received-task.ts';
import type { ServedTasks } from './served-tasks.ts';
import type { TaskAdmission } from './task-admission.ts';
import type { TaskOutcomes } from '../settle/task-outcomes.ts';
import type { TaskPool } from '../run/task-pool.ts';
import type { WaitingBytes } from './waiting-bytes.ts';

export interface WaitingTasksOptions {
  readonly tasks: ServedTasks;
  readonly pool: TaskPool<ReceivedTask>;
  readonly delayed: DelayedDelivery;
  readonly admission: TaskAdmission;
  readonly outcomes: TaskOutcomes;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Most tasks that are held here until their eta. */
  readonly etaTaskLimit: number;
  /** No delivery may be unsettled for longer, in ms. */
  readonly consumerTimeoutMs: number;
  readonly bytes: WaitingBytes;
}

/**
 * Good tasks on their way to the pool: held until their eta and their turn by rate limit.
 *
 * What is held is unsettled and takes part of the prefetch count, which never changes: so no more than `etaTaskLimit`
 * wait for an eta here, and nothing that would outlast half the broker's `consumer_timeout`, or for which there is no
 * memory. The others are given to the broker for that time.
 */
export class WaitingTasks {
  readonly #options: WaitingTasksOptions;
  readonly #etaSchedule: EtaSchedule;
  readonly #rateLimited: RateLimitedTasks<ReceivedTask>;
  readonly #handOver: HandOver;
  /** How many were held here when this was closed. */
  #heldCount = 0;

  constructor(options: WaitingTasksOptions) {
    this.#options = options;
    this.#etaSchedule = new EtaSchedule(options.clock, this.#due);
    this.#handOver = new HandOver({
      ...options,
      takeExcess: () => this.#takeExcess(),
      onGone: (received) => {
        options.bytes.delete(received);
      },
    });
    this.#rateLimited = new RateLimitedTasks(options.clock, (received) => {
      options.pool.submit(received);
    });
    for (const { task, policy } of options.tasks)
      if (policy.rateLimit !== undefined) this.#rateLimited.setRate(task.name, policy.rateLimit);
  }

  /** How many wait here, also for the broker to take them. */
  get size(): number {
    return this.#etaSchedule.size + this.#rateLimited.size + this.#handOver.pendingCount;
  }

  /** Whether so many wait here, and the broker refuses to take them. */
  isFull(capacity: number): boolean {
    return this.#handOver.isRefused && this.size >= capacity;
  }

  /** How many had not been started, nor handed to the broker, when this was closed. */
  get returnedCount(): number {
    return this.#heldCount + this.#handOver.returnedCount;
  }

  /** Whether a task that comes now starts at once, unless it has to wait for its eta or its turn. */
  get startsNext(): boolean {
    return this.#options.pool.hasRoom;
  }

  add(received: ReceivedTask): void {
    this.#route(received);
    if (received.isWaiting) this.#options.bytes.add(received);
  }

  #route(received: ReceivedTask): void {
    const { bytes, clock, etaTaskLimit } = this.#options;
    const { eta } = received.request;
    const waitMs = eta === undefined ? 0 : eta.getTime() - clock.now();
    if (waitMs <= 0 || eta === undefined) this.#take(received);
    else if (this.#mayHold(waitMs, this.#etaSchedule.size < etaTaskLimit && bytes.hasRoomFor(received)))
      this.#etaSchedule.hold(received, eta.getTime());
    else
      this.#delay(received, waitMs, () => {
        this.#etaSchedule.hold(received, eta.getTime());
      });
  }

  /** `rate_limit`: starts per second of a task from now on; undefined is no limit. */
  setRate(task: string, rate: number | undefined): void {
    this.#rateLimited.setRate(task, rate);
  }

  /** Drops those whose connection was lost: the broker delivers them again. */
  dropLost(): void {
    this.#etaSchedule.dropLost();
    this.#rateLimited.removeWhere(({ delivery }) => delivery.isLost);
    this.#options.bytes.dropLost();
    this.#options.delayed.dropLost();
  }

  /** Forgets all that are held; their messages are unsettled and go back to the broker with the channel. */
  close(): void {
    this.#handOver.close();
    this.#heldCount = this.#etaSchedule.size + this.#rateLimited.size;
    this.#etaSchedule.clear();
    this.#rateLimited.clear();
  }

  readonly #due = (received: ReceivedTask): void => {
    const { admission, bytes, outcomes } = this.#options;
    try {
      const reason = admission.refusal(received);
      if (reason === undefined) {
        this.#take(received);
        return;
      }
      bytes.delete(received);
      outcomes.revoked(received, reason);
    } catch (error) {
      outcomes.notHandled(received, error); // the others that are due must not wait for the next timer
    }
  };

  /** Its time has come; its turn may not have. */
  #take(received: ReceivedTask): void {
    const { name } = received.task;
    const waitMs = this.#rateLimited.expectedWaitMs(name);
    if (this.#mayHold(waitMs, this.#options.bytes.hasRoomFor(received)))
      this.#rateLimited.submit(name, received);
    else
      this.#delay(received, waitMs, () => {
        this.#rateLimited.submit(name, received);
      });
  }

  #mayHold(waitMs: number, isRoom: boolean): boolean {
    return waitMs < leastDelayMs || (isRoom && waitMs <= this.#options.consumerTimeoutMs / 2);
  }

  #delay(received: ReceivedTask, waitMs: number, holdHere: () => void): void {
    this.#handOver.give({ received, dueMs: this.#options.clock.now() + waitMs, holdHere });
  }

  /** The task with the latest eta, when it is not to be held any longer. */
  #takeExcess(): ExcessTask | undefined {
    const { clock, etaTaskLimit } = this.#options;
    const { latestDueMs: dueMs, size } = this.#etaSchedule;
    if (dueMs === undefined || this.#mayHold(dueMs - clock.now(), size <= etaTaskLimit)) return undefined;
    const received = this.#etaSchedule.takeLatest();
    if (received === undefined) return undefined;
    const holdHere = (): void => {
      this.#etaSchedule.hold(received, dueMs);
    };
    return { received, dueMs, holdHere };
  }
}
