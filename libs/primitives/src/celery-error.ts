/**
 * Every code that an error of this project can carry. A caller branches on the code; the class groups codes
 * that are handled alike.
 */
export type CeleryErrorCode =
  | 'ERR_IMPROPERLY_CONFIGURED'
  | 'ERR_ENCODE'
  | 'ERR_DECODE'
  | 'ERR_CONTENT_DISALLOWED'
  | 'ERR_INVALID_TASK'
  | 'ERR_UNKNOWN_MESSAGE'
  | 'ERR_CONNECTION_CLOSED'
  | 'ERR_CONNECTION_REFUSED'
  | 'ERR_CHANNEL_CLOSED'
  | 'ERR_PUBLISH_UNROUTABLE'
  | 'ERR_PUBLISH_REFUSED'
  | 'ERR_PUBLISH_TIMEOUT'
  | 'ERR_PUBLISH_TOO_LARGE'
  | 'ERR_PUBLISH_QUEUE_FULL'
  | 'ERR_NOT_REGISTERED'
  | 'ERR_TASK_REVOKED'
  | 'ERR_TASK_TIMEOUT'
  | 'ERR_REMOTE_TASK'
  | 'ERR_TASK_FAILED'
  | 'ERR_BACKEND'
  | 'ERR_ILLEGAL_STATE';

/** Root of every error thrown by these libraries: a code from a closed set, and the cause kept. */
export class CeleryError extends Error {
  readonly code: CeleryErrorCode;

  constructor(code: CeleryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A setting or option is wrong. Thrown at start, before any I/O; the message names the setting and its value. */
export class ImproperlyConfiguredError extends CeleryError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_IMPROPERLY_CONFIGURED', message, options);
  }
}

/** An object was used after its end or before its start; a mistake in the calling program. */
export class IllegalStateError extends CeleryError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_ILLEGAL_STATE', message, options);
  }
}
