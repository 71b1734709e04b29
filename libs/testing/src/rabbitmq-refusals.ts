import { FieldReader } from './amqp-frames.ts';
import type { ProxiedFrame } from './proxied-frame.ts';

/** Of which broker a proxy shows the refusals, whatever the broker behind it allows. */
export type RefusingBroker = 'rabbitmq-4.3';

/** `connection.close`: what a broker says in it, and about which method. */
export interface ConnectionClose {
  readonly kind: 'connection.close';
  readonly replyCode: number;
  readonly replyText: string;
  readonly classId: number;
  readonly methodId: number;
}

/** Says nothing any more, and resets the connection after some time. */
export interface SilentClose {
  readonly kind: 'silent';
  readonly delayMs: number;
}

export type Refusal = ConnectionClose | SilentClose;

const leastFrameMax = 8192;
const DURABLE = 0b10;
const EXCLUSIVE = 0b100;
const PASSIVE = 0b1;
/** `SILENT_CLOSE_DELAY` of rabbit_reader.erl, with which it slows down who is not let in. */
const silentCloseDelayMs = 3000;

/**
 * What RabbitMQ 4.3 refuses and older ones allow. Each costs the connection.
 *
 * | said by the client | answer | source |
 * | --- | --- | --- |
 * | `queue.declare`, neither durable nor exclusive | `connection.close` 541 INTERNAL_ERROR | rabbitmq-server 4.3.0 denies `transient_nonexcl_queues` by default (pull 15459); text and code as in rabbitmq-dotnet-client issue 1931 |
 * | `connection.tune-ok` with `frame_max` from 1 to 8191 | none; reset after 3 s | rabbitmq-server 4.1.0 raised the least from 4096, which is refused in the same way by 3.10: rabbit_reader.erl takes it for a failed handshake. 0 is no limit, and allowed |
 * | `basic.qos` with `global` | `connection.close` 540 NOT_IMPLEMENTED | stricter than the broker: 4.3 denies `global_qos` (pull 15460) by taking the count as that of each consumer, without a word (`is_global_qos_permitted` in rabbit_channel.erl); where it is permitted still, 540 is for who then consumes a quorum queue. A refusal is what a test can see |
 */
export function refusalOf({ method, part, payload }: ProxiedFrame): Refusal | undefined {
  if (part !== 'method') return undefined;
  const fields = new FieldReader(payload.subarray(4));
  const refuse = (replyCode: number, replyText: string): ConnectionClose => ({
    kind: 'connection.close',
    replyCode,
    replyText,
    classId: payload.readUInt16BE(0),
    methodId: payload.readUInt16BE(2),
  });
  switch (method) {
    case 'queue.declare': {
      fields.short();
      fields.shortString(); // queue
      return (fields.octet() & (PASSIVE | DURABLE | EXCLUSIVE)) !== 0
        ? undefined
        : refuse(541, `INTERNAL_ERROR - ${notPermitted('transient_nonexcl_queues')}`);
    }
    case 'basic.qos': {
      fields.long(); // prefetch size
      fields.short(); // prefetch count
      return (fields.octet() & 1) === 0
        ? undefined
        : refuse(540, `NOT_IMPLEMENTED - ${notPermitted('global_qos')}`);
    }
    case 'connection.tune-ok': {
      fields.short(); // channel-max
      const frameMax = fields.long();
      return frameMax === 0 || frameMax >= leastFrameMax
        ? undefined
        : { kind: 'silent', delayMs: silentCloseDelayMs };
    }
    default:
      return undefined;
  }
}

function notPermitted(feature: string): string {
  return `Feature \`${feature}\` is deprecated.\nBy default, this feature is not permitted anymore.`;
}
