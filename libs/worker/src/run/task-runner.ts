import { coerceError } from '@celeriac/primitives';
import { refuseInvalid } from '../receive/invalid-task.ts';
import type { ReceivedTask } from '../receive/received-task.ts';
import type { StartLedger } from '../receive/start-ledger.ts';
import type { TaskAdmission } from '../receive/task-admission.ts';
import type { WaitingBytes } from '../receive/waiting-bytes.ts';
import { TaskRun, type TaskRunServices } from './task-run.ts';

/** Starts tasks whose turn has come. */
export class TaskRunner {
  readonly #services: TaskRunServices;
  readonly #admission: TaskAdmission;
  readonly #waitingBytes: WaitingBytes;
  readonly #ledger: StartLedger | undefined;
  /** Those that run and whose start is recorded. */
  readonly #suspects = new Set<ReceivedTask>();
  #decodedBytes = 0;

  constructor(
    services: TaskRunServices,
    admission: TaskAdmission,
    waitingBytes: WaitingBytes,
    ledger?: StartLedger,
  ) {
    this.#services = services;
    this.#admission = admission;
    this.#waitingBytes = waitingBytes;
    this.#ledger = ledger;
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
      if (reason === undefined)
        return received.suspect === undefined ? this.#run(received) : this.#runSuspect(received);
      this.#services.outcomes.revoked(received, reason);
    } catch (error) {
      this.#services.outcomes.notHandled(received, error);
    }
    return undefined;
  };

  /** Withdraws the starts of suspects whose delivery was lost while they run: this worker lives. */
  deliveriesLost(): void {
    for (const received of this.#suspects) {
      if (!received.delivery.isLost) continue;
      this.#suspects.delete(received);
      this.#ledger?.withdraw(received.delivery);
    }
  }

  /** Runs a task that was delivered before; never rejects. */
  async #runSuspect(received: ReceivedTask): Promise<void> {
    const { delivery } = received;
    await this.#ledger?.record(delivery);
    if (delivery.isLost) {
      this.#ledger?.withdraw(delivery);
      return;
    }
    this.#suspects.add(received);
    try {
      await this.#run(received);
    } catch (error) {
      this.#services.outcomes.notHandled(received, error);
    }
    // not if its delivery was lost and its start withdrawn, or if it ended with what ran it
    if (this.#suspects.delete(received) && !received.isWorkerLost) this.#ledger?.clear(received.delivery);
  }

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
