import type { Channel, ConsumeMessage } from 'amqplib';
import { isClosedError } from './amqplib-connection.ts';
import { DeliveryWindow } from './delivery-window.ts';

/** The window of what a channel delivers, settled on that channel. */
export function channelWindow(channel: Channel): DeliveryWindow {
  return new DeliveryWindow({
    ack: (deliveryTag, multiple) => {
      unlessClosed(() => {
        channel.ack({ fields: { deliveryTag } } as ConsumeMessage, multiple);
      });
    },
    reject: (deliveryTag, requeue) => {
      unlessClosed(() => {
        channel.reject({ fields: { deliveryTag } } as ConsumeMessage, requeue);
      });
    },
  });
}

/** Settles, unless the channel is closing this instant: then the broker takes the message back by itself. */
function unlessClosed(settle: () => void): void {
  try {
    settle();
  } catch (error) {
    if (!isClosedError(error)) throw error;
  }
}
