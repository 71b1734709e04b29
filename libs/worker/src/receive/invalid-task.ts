import type { Delivery } from '@celeriac/amqp-transport';
import type { Logger } from '@celeriac/primitives';
import { InvalidTaskError, PythonError, type OpenedTask } from '@celeriac/protocol';
import type { TaskOutcomes } from '../settle/task-outcomes.ts';
import type { TaskSignals } from '../task-signals.ts';

export interface InvalidTaskServices {
  readonly outcomes: TaskOutcomes;
  readonly signals: TaskSignals;
  readonly logger: Logger;
}

/** Refuses a task whose message breaks the protocol: when it is received, or when it is to start and its body is read. */
export function refuseInvalid(
  { outcomes, signals, logger }: InvalidTaskServices,
  delivery: Delivery,
  opened: OpenedTask,
  error: Error,
): void {
  signals.rejected(delivery, error);
  logger.error(
    { taskId: opened.id, task: opened.name, queue: delivery.queue, reason: error.message },
    'task refused: its message is invalid',
  );
  if (error instanceof InvalidTaskError && error.isReportable) {
    outcomes.refused(
      delivery,
      opened,
      new PythonError('InvalidTaskError', [error.message], { excModule: 'celery.exceptions' }),
    );
  } else {
    outcomes.counts.refused++;
    delivery.reject({ requeue: false });
  }
}
