import type { ApplyOptions } from '@celeriac/client';
import { CeleryError } from '@celeriac/primitives';

import { ProblemError } from './problem.ts';
import type { CallForm, TaskClient, TaskResult } from './task-client.ts';

/**
 * Publishes one call and waits for the broker's confirm; the one way from a route to the broker.
 *
 * @throws ProblemError `broker-unavailable` at once, and with nothing published, when the broker is away; the problem
 * that a failed publish means otherwise
 */
export async function publishCall(
  client: TaskClient,
  name: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  options: ApplyOptions,
  form?: CallForm,
): Promise<TaskResult> {
  if (!client.isConnected) throw new ProblemError('broker-unavailable', brokerAway);
  try {
    return await client.sendTask(name, args, kwargs, options, form);
  } catch (caught) {
    throw caught instanceof CeleryError ? problemOfPublish(caught) : caught;
  }
}

/** The detail of a 503 for a broker that is away. */
export const brokerAway =
  'The broker cannot be reached and nothing was published; the producer keeps trying to connect, try again later.';

/** What a publish that failed means to whoever asked for it. */
function problemOfPublish(error: CeleryError): ProblemError {
  const cause = { cause: error };
  switch (error.code) {
    case 'ERR_CONNECTION_REFUSED':
      return new ProblemError('broker-unavailable', brokerAway, {}, cause);
    case 'ERR_CONNECTION_CLOSED':
    case 'ERR_CHANNEL_CLOSED':
    case 'ERR_PUBLISH_TIMEOUT':
      return new ProblemError(
        'publish-unconfirmed',
        'The broker may or may not have taken the task; to be sure, send it again with options.task_id set to its id.',
        {},
        cause,
      );
    case 'ERR_PUBLISH_QUEUE_FULL':
      return new ProblemError(
        'publish-queue-full',
        'The producer is at its limit; send the task again later.',
        {},
        cause,
      );
    case 'ERR_PUBLISH_REFUSED':
      return new ProblemError(
        'publish-refused',
        'The broker did not take the task, for instance because its queue is full; send it again later.',
        {},
        cause,
      );
    case 'ERR_PUBLISH_UNROUTABLE':
      return new ProblemError(
        'unroutable',
        'The queue of the task does not exist; start its worker first.',
        {},
        cause,
      );
    case 'ERR_PUBLISH_TOO_LARGE':
      return new ProblemError('body-too-large', 'The task is larger than the broker accepts.', {}, cause);
    case 'ERR_ENCODE':
      return new ProblemError('invalid-call', `The call cannot be written: ${error.message}.`, {}, cause);
    default:
      throw error;
  }
}
