import type { ReceivedTask } from '../receive/received-task.ts';
import type { TaskAdmission } from '../receive/task-admission.ts';
import { TaskRun, type TaskRunServices } from './task-run.ts';

/** Starts tasks whose turn has come. */
export class TaskRunner {
  readonly #services: TaskRunServices;
  readonly #admission: TaskAdmission;

  constructor(services: TaskRunServices, admission: TaskAdmission) {
    this.#services = services;
    this.#admission = admission;
  }

  /** Runs one task; undefined when it is over already. Never throws, never rejects. */
  readonly execute = (received: ReceivedTask): Promise<void> | undefined => {
    // the connection went while it waited for its turn: the broker delivers it again
    if (received.delivery.isLost) return undefined;
    try {
      const reason = this.#admission.refusal(received);
      if (reason === undefined) return new TaskRun(received, this.#services).start();
      this.#services.outcomes.revoked(received, reason);
    } catch (error) {
      this.#services.outcomes.notHandled(received, error);
    }
    return undefined;
  };
}
