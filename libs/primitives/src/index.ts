export { CeleryError, IllegalStateError, ImproperlyConfiguredError } from './celery-error.ts';
export { backoffMs } from './backoff.ts';
export { coerceError } from './coerce-error.ts';
export { cutText } from './cut-text.ts';
export { guardLogger } from './guard-logger.ts';
export { silentLogger } from './logger.ts';
export { containerLimitBytes, memoryLimitBytes } from './memory-limit.ts';
export { systemClock } from './clock.ts';
export { logReceiverErrors, Signal } from './signal.ts';
export { afterTaskPublish, beforeTaskPublish } from './task-publish.ts';

export type { BackoffOptions } from './backoff.ts';
export type { CeleryErrorCode } from './celery-error.ts';
export type { Clock } from './clock.ts';
export type { Headers, MessageProperties } from './message-properties.ts';
export type { LogFields, Logger } from './logger.ts';
export type { Receiver, ReceiverErrorHandler } from './signal.ts';
export type {
  AfterTaskPublish,
  BeforeTaskPublish,
  TaskPublishMessage,
  TaskPublishSignals,
} from './task-publish.ts';
