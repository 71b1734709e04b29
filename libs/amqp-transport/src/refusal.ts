import { asOperationalError } from './broker-connection.ts';
import { isHardError, type OperationalError } from './operational-error.ts';

/** ACCESS_REFUSED, NOT_FOUND and RESOURCE_LOCKED: what the broker may answer to `basic.consume`. */
const consumeRefusals: readonly (number | undefined)[] = [403, 404, 405];

/** What was lost while an operation was under way. */
export interface OperationSurroundings {
  readonly isSessionOpen: boolean;
  /** Whether the channel to consume on is still there. */
  readonly isChannelOpen: boolean;
  /** Why the connection was lost, if it was. */
  readonly lastError: OperationalError | undefined;
}

/**
 * What the broker, or amqplib, has against declaring and consuming a queue; undefined when connection or channel merely
 * went meanwhile, so that it may be tried again. What made the broker close the connection must not be tried again: it
 * would cost the connection each time.
 */
export function refusalOf(error: unknown, surroundings: OperationSurroundings): OperationalError | undefined {
  const { isSessionOpen, isChannelOpen, lastError } = surroundings;
  if (!isSessionOpen) return isHardError(lastError?.replyCode) ? lastError : undefined;
  const refusal = asOperationalError(error, 'ERR_CHANNEL_CLOSED');
  // without the channel, the operation may have failed for a reason that is not its own, such as consumer_timeout
  return isChannelOpen || consumeRefusals.includes(refusal.replyCode) ? refusal : undefined;
}
