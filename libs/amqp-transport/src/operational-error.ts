import { CeleryError, type CeleryErrorCode } from '@celeriac/primitives';

export type OperationalErrorCode = Extract<
  CeleryErrorCode,
  | 'ERR_CONNECTION_CLOSED'
  | 'ERR_CONNECTION_REFUSED'
  | 'ERR_CHANNEL_CLOSED'
  | 'ERR_PUBLISH_UNROUTABLE'
  | 'ERR_PUBLISH_REFUSED'
  | 'ERR_PUBLISH_TIMEOUT'
  | 'ERR_PUBLISH_TOO_LARGE'
  | 'ERR_PUBLISH_QUEUE_FULL'
>;

/** Codes after which the same operation may succeed later; with the others it fails again until something changes. */
const recoverableCodes: ReadonlySet<OperationalErrorCode> = new Set<OperationalErrorCode>([
  'ERR_CONNECTION_CLOSED',
  'ERR_CONNECTION_REFUSED',
  'ERR_CHANNEL_CLOSED',
  'ERR_PUBLISH_TIMEOUT',
  'ERR_PUBLISH_QUEUE_FULL',
]);

export interface OperationalErrorOptions extends ErrorOptions {
  /** AMQP reply code of the broker, such as 312 NO_ROUTE or 406 PRECONDITION_FAILED. */
  readonly replyCode?: number | undefined;
}

/**
 * The broker, or the way to it, failed an operation.
 *
 * `recoverable` tells whether the same call may succeed later. A publish that timed out or lost its connection may or
 * may not have been taken by the broker: send it again with the same task id.
 */
export class OperationalError extends CeleryError {
  declare readonly code: OperationalErrorCode;
  readonly recoverable: boolean;
  readonly replyCode: number | undefined;

  constructor(code: OperationalErrorCode, message: string, options: OperationalErrorOptions = {}) {
    super(code, message, options);
    this.recoverable = recoverableCodes.has(code);
    this.replyCode = options.replyCode;
  }
}

/** The AMQP reply code that amqplib leaves on its errors, if the error has one. */
export function replyCodeOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'number' ? error.code : undefined;
}

/**
 * Whether the broker closed the connection for a fault of what was sent: AMQP's hard errors, from 501 FRAME_ERROR to 541
 * INTERNAL_ERROR. An operator who closes it gives 320 CONNECTION_FORCED.
 */
export function isHardError(replyCode: number | undefined): boolean {
  return replyCode !== undefined && replyCode >= 501 && replyCode <= 541;
}

/**
 * Whether the broker's user may not do it (403 ACCESS_REFUSED). For a declaration that is no verdict on the queue: where users
 * have the least rights, an operator declares it, and a mandatory message comes back if nobody did.
 */
export function isAccessRefused(error: unknown): boolean {
  return (
    error instanceof OperationalError &&
    error.code === 'ERR_CHANNEL_CLOSED' &&
    error.replyCode === accessRefused
  );
}

const accessRefused = 403;
