import { coerceError } from '@celeriac/primitives';
import { refuseInvalid } from '../receive/invalid-task.ts';
import type { ReceivedTask } from '../receive/received-task.ts';
import type { TaskAdmission } from '../receive/task-admission.ts';
import type { WaitingBytes } from '../receive/waiting-bytes.ts';
import type { SuspectTasks } from './suspect-tasks.ts';
import { TaskRun, type StartedRun, type TaskRunServices } from './task-run.ts';

/** Starts tasks whose turn has come. */
export class TaskRunner {
  readonly #services: TaskRunServices;
  readonly #admission: TaskAdmission;
  readonly #waitingBytes: WaitingBytes;
  readonly #suspects: SuspectTasks | undefined;
  #decodedBytes = 0;

  /** @param suspects takes tasks whose message came again; undefined: they are like the others */
  constructor(
    services: TaskRunServices,
    admission: TaskAdmission,
    waitingBytes: WaitingBytes,
    suspects?: SuspectTasks,
  ) {
    this.#services = services;
    this.#admission = admission;
    this.#waitingBytes = waitingBytes;
    this.#suspects = suspects;
  }

  /** About what the decoded bodies of running tasks take in memory, small ones left out. */
  get decodedBytes(): number {
    return this.#decodedBytes;
  }

  /** Runs one task; undefined when it is over already. Never throws, never rejects. */
  readonly execute = (received: ReceivedTask): Promise<void> | undefined => {
    received.isWaiting = false;
    this.#waitingBytes.delete(received);
    // the connection went while it waited for its turn: the broker delivers it again
    if (received.delivery.isLost) return undefined;
    try {
      const reason = this.#admission.refusal(received);
      if (reason === undefined) {
        if (received.delivery.redelivered && this.#suspects !== undefined)
          return this.#suspects.run(received, () => this.#start(received));
        return this.#start(received).over;
      }
      this.#services.outcomes.revoked(received, reason);
    } catch (error) {
      this.#services.outcomes.notHandled(received, error);
    }
    return undefined;
  };

  #start(received: ReceivedTask): StartedRun {
    const { opened, delivery } = received;
    const run = new TaskRun(received, this.#services);
    try {
      received.readBody();
    } catch (error) {
      refuseInvalid(this.#services, delivery, opened, coerceError(error));
      return { run, over: undefined };
    }
    const over = run.start();
    const { decodedBytes } = opened;
    if (over === undefined || decodedBytes === 0) return { run, over };
    this.#decodedBytes += decodedBytes;
    return {
      run,
      over: over.then(() => {
        this.#decodedBytes -= decodedBytes;
      }),
    };
  }
}
