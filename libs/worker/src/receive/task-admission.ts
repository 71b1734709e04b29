import type { Clock } from '@celeriac/primitives';
import type { ReceivedTask } from './received-task.ts';
import type { RevokedTasks } from '../revoke/revoked-tasks.ts';

/**
 * Whether a task may still run.
 *
 * [WORKER-REVOKED] Source: Celery 5.7.0, celery/worker/request.py `revoked`, `maybe_expire`: asked when it arrives, when
 * its eta has come and when it is handed to the pool; the id of a task that expired counts as revoked from then on.
 */
export class TaskAdmission {
  readonly #revoked: RevokedTasks;
  readonly #clock: Clock;

  constructor(revoked: RevokedTasks, clock: Clock) {
    this.#revoked = revoked;
    this.#clock = clock;
  }

  /** Why it must not; undefined when it may. */
  refusal({ request }: ReceivedTask): 'expired' | 'revoked' | undefined {
    const { expires } = request;
    if (expires !== undefined && this.#clock.now() > expires.getTime()) {
      this.#revoked.add([request.id]);
      return 'expired';
    }
    return this.#revoked.size > 0 && this.#revoked.isRevoked(request) ? 'revoked' : undefined;
  }
}
