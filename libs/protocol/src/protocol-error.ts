import { CeleryError } from '@celeriac/primitives';
import type { CeleryErrorCode } from '@celeriac/primitives';

/** What is wrong with a message, as a word that a log line or a counter can carry. */
export type ProtocolFailureReason =
  | 'not-encodable'
  | 'body-not-decodable'
  | 'body-too-large'
  | 'too-many-values'
  | 'compression-not-supported'
  | 'compression-corrupt'
  | 'content-type-refused'
  | 'content-type-missing'
  | 'unknown-message'
  | 'task-name-invalid'
  | 'id-invalid'
  | 'header-invalid'
  | 'date-not-parsable'
  | 'body-not-a-triple'
  | 'args-not-an-array'
  | 'kwargs-not-a-mapping'
  | 'embed-invalid'
  | 'result-invalid';

/** Root of everything that is wrong with a message as a message: nothing of it can be repaired by sending it again. */
export class ProtocolError extends CeleryError {
  /** Which rule the message breaks. */
  readonly reason: ProtocolFailureReason;

  constructor(code: CeleryErrorCode, reason: ProtocolFailureReason, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.reason = reason;
  }
}

/** A value cannot be written as Celery would write it. The message names the path to the value and its type. */
export class EncodeError extends ProtocolError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_ENCODE', 'not-encodable', message, options);
  }
}

/** The body cannot be read: broken JSON, corrupt or unknown compression, too many bytes. The sender is at fault. */
export class DecodeError extends ProtocolError {
  constructor(message: string, options?: ErrorOptions & { readonly reason?: ProtocolFailureReason }) {
    super('ERR_DECODE', options?.reason ?? 'body-not-decodable', message, options);
  }
}

/** The content type is not among the accepted ones, is unknown, or is pickle, which is never read. */
export class ContentDisallowedError extends ProtocolError {
  constructor(
    reason: 'content-type-refused' | 'content-type-missing',
    message: string,
    options?: ErrorOptions,
  ) {
    super('ERR_CONTENT_DISALLOWED', reason, message, options);
  }
}

/** The message is a task message, but one that breaks the protocol: no id, a body that is no triple, an eta that is no date. */
export class InvalidTaskError extends ProtocolError {
  /** True when id and reply queue are known to be good, so that a FAILURE can be stored for whoever waits. */
  readonly isReportable: boolean;

  constructor(
    reason: ProtocolFailureReason,
    message: string,
    options?: ErrorOptions & { readonly isReportable?: boolean },
  ) {
    super('ERR_INVALID_TASK', reason, message, options);
    this.isReportable = options?.isReportable ?? false;
  }
}

/** The message is readable and no task message of either protocol. */
export class UnknownMessageError extends ProtocolError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_UNKNOWN_MESSAGE', 'unknown-message', message, options);
  }
}
