import type { ReceivedTask } from '../receive/received-task.ts';
import type { TaskAdmission } from '../receive/task-admission.ts';
import type { SuspectTasks } from './suspect-tasks.ts';
import { TaskRun, type StartedRun, type TaskRunServices } from './task-run.ts';

/** Starts tasks whose turn has come. */
export class TaskRunner {
  readonly #services: TaskRunServices;
  readonly #admission: TaskAdmission;
  readonly #suspects: SuspectTasks | undefined;

  /** @param suspects takes tasks whose message came again; undefined: they are like the others */
  constructor(services: TaskRunServices, admission: TaskAdmission, suspects?: SuspectTasks) {
    this.#services = services;
    this.#admission = admission;
    this.#suspects = suspects;
  }

  /** Runs one task; undefined when it is over already. Never throws, never rejects. */
  readonly execute = (received: ReceivedTask): Promise<void> | undefined => {
    // the connection went while it waited for its turn: the broker delivers it again
    if (received.delivery.isLost) return undefined;
    const reason = this.#admission.refusal(received);
    if (reason === undefined) {
      if (received.delivery.redelivered && this.#suspects !== undefined)
        return this.#suspects.run(received, () => this.#start(received));
      return new TaskRun(received, this.#services).start();
    }
    this.#services.outcomes.revoked(received, reason);
    return undefined;
  };

  #start(received: ReceivedTask): StartedRun {
    const run = new TaskRun(received, this.#services);
    return { run, over: run.start() };
  }
}
