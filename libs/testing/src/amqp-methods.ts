/** The handful of AMQP methods that a scripted peer understands and says. */
import { FieldReader, FieldWriter } from './amqp-frames.ts';

/** A message as the client sent it. */
export interface ReceivedPublish {
  readonly method: 'basic.publish';
  readonly exchange: string;
  readonly routingKey: string;
  readonly mandatory: boolean;
  /** Payload of the content header frame. */
  readonly contentHeader: Buffer;
  readonly body: Buffer;
  /** The tag to confirm it with; 0 on a channel without confirms. */
  readonly confirmTag: number;
}

/** What a client says, decoded as far as specs need it. */
export type ClientMethod =
  | { readonly method: 'connection.start-ok'; readonly user: string; readonly password: string }
  | { readonly method: 'connection.tune-ok'; readonly heartbeatSeconds: number }
  | { readonly method: 'connection.open'; readonly vhost: string }
  | { readonly method: 'exchange.declare'; readonly exchange: string; readonly type: string }
  | { readonly method: 'queue.declare'; readonly queue: string; readonly flags: number }
  | {
      readonly method: 'queue.bind';
      readonly queue: string;
      readonly exchange: string;
      readonly routingKey: string;
    }
  | { readonly method: 'queue.delete'; readonly queue: string }
  | { readonly method: 'basic.qos'; readonly prefetchCount: number; readonly global: boolean }
  | { readonly method: 'basic.consume'; readonly queue: string; readonly noAck: boolean }
  | { readonly method: 'basic.cancel'; readonly consumerTag: string }
  | { readonly method: 'basic.ack'; readonly deliveryTag: number; readonly multiple: boolean }
  | { readonly method: 'basic.reject'; readonly deliveryTag: number; readonly requeue: boolean }
  | {
      readonly method:
        | 'connection.close'
        | 'connection.close-ok'
        | 'channel.open'
        | 'channel.close'
        | 'channel.close-ok'
        | 'confirm.select';
    }
  | ReceivedPublish;

/** `basic.publish` before its content header and body have come. */
export interface PublishStart {
  readonly method: 'publish-start';
  readonly exchange: string;
  readonly routingKey: string;
  readonly mandatory: boolean;
}

type Decoder = (fields: FieldReader) => ClientMethod | PublishStart;

const decoders: Readonly<Record<string, Decoder>> = {
  '10.11': (fields) => {
    fields.longBytes(); // client properties
    fields.shortString(); // mechanism
    const [, user = '', password = ''] = fields.longBytes().toString().split('\0');
    return { method: 'connection.start-ok', user, password };
  },
  '10.31': (fields) => {
    fields.short(); // channel-max
    fields.long(); // frame-max
    return { method: 'connection.tune-ok', heartbeatSeconds: fields.short() };
  },
  '10.40': (fields) => ({ method: 'connection.open', vhost: fields.shortString() }),
  '10.50': () => ({ method: 'connection.close' }),
  '10.51': () => ({ method: 'connection.close-ok' }),
  '20.10': () => ({ method: 'channel.open' }),
  '20.40': () => ({ method: 'channel.close' }),
  '20.41': () => ({ method: 'channel.close-ok' }),
  '40.10': (fields) => {
    fields.short(); // reserved
    return { method: 'exchange.declare', exchange: fields.shortString(), type: fields.shortString() };
  },
  '50.10': (fields) => {
    fields.short();
    return { method: 'queue.declare', queue: fields.shortString(), flags: fields.octet() };
  },
  '50.20': (fields) => {
    fields.short();
    const [queue, exchange, routingKey] = [fields.shortString(), fields.shortString(), fields.shortString()];
    return { method: 'queue.bind', queue, exchange, routingKey };
  },
  '50.40': (fields) => {
    fields.short();
    return { method: 'queue.delete', queue: fields.shortString() };
  },
  '60.10': (fields) => {
    fields.long(); // prefetch size
    return { method: 'basic.qos', prefetchCount: fields.short(), global: fields.octet() === 1 };
  },
  '60.20': (fields) => {
    fields.short();
    const queue = fields.shortString();
    fields.shortString(); // consumer tag: the client leaves the choice to us
    return { method: 'basic.consume', queue, noAck: (fields.octet() & 0b10) !== 0 };
  },
  '60.30': (fields) => ({ method: 'basic.cancel', consumerTag: fields.shortString() }),
  '60.40': (fields) => {
    fields.short();
    const [exchange, routingKey] = [fields.shortString(), fields.shortString()];
    return { method: 'publish-start', exchange, routingKey, mandatory: (fields.octet() & 1) === 1 };
  },
  '60.80': (fields) => ({
    method: 'basic.ack',
    deliveryTag: fields.longlong(),
    multiple: fields.octet() === 1,
  }),
  '60.90': (fields) => ({
    method: 'basic.reject',
    deliveryTag: fields.longlong(),
    requeue: fields.octet() === 1,
  }),
  '85.10': () => ({ method: 'confirm.select' }),
};

/** @throws Error for a method that no spec has needed so far */
export function decodeMethod(payload: Buffer): ClientMethod | PublishStart {
  const id = `${payload.readUInt16BE(0)}.${payload.readUInt16BE(2)}`;
  const decode = decoders[id];
  if (decode === undefined) throw new Error(`the scripted peer does not know method ${id}; add it`);
  return decode(new FieldReader(payload.subarray(4)));
}

function method(classId: number, methodId: number): FieldWriter {
  return new FieldWriter().short(classId).short(methodId);
}

/** Payloads of what a broker says. */
export const brokerMethods = {
  start: () =>
    method(10, 10).octet(0).octet(9).long(0).longString('PLAIN AMQPLAIN').longString('en_US').bytes,
  tune: (heartbeatSeconds: number) => method(10, 30).short(2047).long(131072).short(heartbeatSeconds).bytes,
  openOk: () => method(10, 41).shortString('').bytes,
  connectionClose: (code: number, text: string) =>
    method(10, 50).short(code).shortString(text).short(0).short(0).bytes,
  connectionCloseOk: () => method(10, 51).bytes,
  blocked: (reason: string) => method(10, 60).shortString(reason).bytes,
  unblocked: () => method(10, 61).bytes,
  channelOpenOk: () => method(20, 11).longString('').bytes,
  channelClose: (code: number, text: string) =>
    method(20, 40).short(code).shortString(text).short(0).short(0).bytes,
  channelCloseOk: () => method(20, 41).bytes,
  exchangeDeclareOk: () => method(40, 11).bytes,
  queueDeclareOk: (queue: string) => method(50, 11).shortString(queue).long(0).long(0).bytes,
  queueBindOk: () => method(50, 21).bytes,
  queueDeleteOk: () => method(50, 41).long(0).bytes,
  qosOk: () => method(60, 11).bytes,
  consumeOk: (consumerTag: string) => method(60, 21).shortString(consumerTag).bytes,
  cancel: (consumerTag: string) => method(60, 30).shortString(consumerTag).octet(1).bytes,
  cancelOk: (consumerTag: string) => method(60, 31).shortString(consumerTag).bytes,
  return: (code: number, text: string, exchange: string, routingKey: string) =>
    method(60, 50).short(code).shortString(text).shortString(exchange).shortString(routingKey).bytes,
  deliver: (consumerTag: string, deliveryTag: number, redelivered: boolean, queue: string) =>
    method(60, 60)
      .shortString(consumerTag)
      .longlong(deliveryTag)
      .octet(redelivered ? 1 : 0)
      .shortString('')
      .shortString(queue).bytes,
  ack: (deliveryTag: number, multiple: boolean) =>
    method(60, 80)
      .longlong(deliveryTag)
      .octet(multiple ? 1 : 0).bytes,
  nack: (deliveryTag: number) => method(60, 120).longlong(deliveryTag).octet(0).bytes,
  selectOk: () => method(85, 11).bytes,
} as const;
