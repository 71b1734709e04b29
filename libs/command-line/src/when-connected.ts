import { OperationalError } from '@celeriac/amqp-transport';
import { backoffMs, coerceError } from '@celeriac/primitives';
import { setTimeout as delay } from 'node:timers/promises';

export interface WhenConnectedOptions {
  /** Longest wait for the broker, in ms. */
  readonly timeoutMs: number;
  /** Ends the wait, with its reason. Default never. */
  readonly signal?: AbortSignal;
}

/**
 * Does something at the broker as soon as there is a connection: does it again, after a pause, for as long as it fails for
 * want of one.
 *
 * @throws OperationalError when the broker stays away for `timeoutMs`, with what the last attempt to connect met
 * @throws Error any other failure of `work`, as it is
 */
export async function whenConnected<T>(
  work: () => Promise<T>,
  { timeoutMs, signal }: WhenConnectedOptions,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof OperationalError) || error.code !== 'ERR_CONNECTION_CLOSED') throw error;
      if (performance.now() >= deadline) throw awayFor(timeoutMs, error);
    }
    await delay(backoffMs(attempt, { initialMs: 20, maxMs: 500 }), undefined, { signal });
  }
}

function awayFor(timeoutMs: number, error: OperationalError): OperationalError {
  const { message } = coerceError(error.cause ?? error);
  return new OperationalError(
    'ERR_CONNECTION_CLOSED',
    `the broker could not be reached in ${timeoutMs / 1000} s: ${message}`,
    { cause: error },
  );
}
