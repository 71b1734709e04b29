import { coerceError } from '@celeriac/primitives';
import { refuseInvalid } from '../receive/invalid-task.ts';
import type { ReceivedTask } from '../receive/received-task.ts';
import type { TaskAdmission } from '../receive/task-admission.ts';
import type { WaitingBytes } from '../receive/waiting-bytes.ts';
import { TaskRun, type TaskRunServices } from './task-run.ts';

/** Starts tasks whose turn has come. */
export class TaskRunner {
  readonly #services: TaskRunServices;
  readonly #admission: TaskAdmission;
  readonly #waitingBytes: WaitingBytes;
  #decodedBytes = 0;

  constructor(services: TaskRunServices, admission: TaskAdmission, waitingBytes: WaitingBytes) {
    this.#services = services;
    this.#admission = admission;
    this.#waitingBytes = waitingBytes;
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
      if (reason === undefined) return this.#run(received);
      this.#services.outcomes.revoked(received, reason);
    } catch (error) {
      this.#services.outcomes.notHandled(received, error);
    }
    return undefined;
  };

  #run(received: ReceivedTask): Promise<void> | undefined {
    const { opened, delivery } = received;
    try {
      received.readBody();
    } catch (error) {
      refuseInvalid(this.#services, delivery, opened, coerceError(error));
      return undefined;
    }
    const running = new TaskRun(received, this.#services).start();
    const { decodedBytes } = opened;
    if (running === undefined || decodedBytes === 0) return running;
    this.#decodedBytes += decodedBytes;
    return running.then(() => {
      this.#decodedBytes -= decodedBytes;
    });
  }
}
