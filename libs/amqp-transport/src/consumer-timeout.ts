import type { Logger } from '@celeriac/primitives';

/**
 * Tells why the broker closed a consumer's channel. RabbitMQ does so when a message stays unacknowledged for longer than
 * its `consumer_timeout` (30 minutes by default), looked at about once a minute; that is the operator's to mend.
 */
export function logChannelClosed(logger: Logger, queues: readonly string[], reason: string): void {
  if (!isAcknowledgementTimeout(reason.toLowerCase())) {
    logger.error({ queues, reason }, 'channel closed by the broker');
    return;
  }
  const remedy =
    "raise the broker's consumer_timeout above the longest task and eta, acknowledge early, or make tasks shorter";
  logger.warn(
    { queues, reason, remedy },
    'a message was unacknowledged for longer than consumer_timeout: the broker closed the channel and delivers it again',
  );
}

/** `delivery acknowledgement on channel 1 timed out`. */
function isAcknowledgementTimeout(reason: string): boolean {
  const at = reason.indexOf('delivery acknowledgement ');
  return at !== -1 && reason.includes('timed out', at);
}
