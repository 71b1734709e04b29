/**
 * The frames of one `basic.publish`: method, content header and body, in one buffer.
 *
 * ```
 * frame   = type(1) channel(2) size(4) payload end(0xCE)
 * method  = class(60) method(40) reserved(2) exchange(shortstr) routing-key(shortstr) bits(mandatory, immediate)
 * header  = class(60) weight(0) body-size(8) flags(2) properties, in the order of their flags
 * body    = as many frames as frame-max needs
 * ```
 *
 * amqplib's encoder builds each of the three from option objects of its own and copies them twice; on the path of every
 * message that was a third of a worker's time. See docs/decisions.
 */
import { FieldWriter } from './field-writer.ts';
import { PROPERTY_FLAG } from './content-header.ts';
import type { PublishMessage } from './message-publisher.ts';

const FRAME_END = 0xce;
const FRAME_OVERHEAD = 8;
const METHOD = 1;
const HEADER = 2;
const BODY = 3;
const CLASS_BASIC = 60;
const METHOD_PUBLISH = 40;

/** Holds method and header while they are written; publishing is synchronous, so that one will do for all channels. */
const writer = new FieldWriter(16_384);

/**
 * @param frameMax - largest frame that the broker takes, in bytes
 * @throws TypeError when a header has no AMQP type
 * @throws RangeError when a short string is too long, or the header does not fit a frame
 */
export function encodePublish(channel: number, frameMax: number, message: PublishMessage): Buffer {
  const { body } = message;
  writer.reset();
  writeFrame(METHOD, channel, () => {
    writer.short(CLASS_BASIC);
    writer.short(METHOD_PUBLISH);
    writer.short(0);
    writer.shortString(message.exchange, 'the exchange');
    writer.shortString(message.routingKey, 'the routing key');
    writer.octet(message.mandatory ? 1 : 0);
  });
  const headerSize = writeFrame(HEADER, channel, () => {
    writer.short(CLASS_BASIC);
    writer.short(0);
    writer.long(0);
    writer.long(body.length);
    writeProperties(message);
  });
  if (headerSize + FRAME_OVERHEAD > frameMax) {
    throw new RangeError(
      `the headers of the message take ${headerSize} bytes; the broker's limit for a frame is ${frameMax}`,
    );
  }
  return appendBody(channel, frameMax, body);
}

/** Writes a frame around what `writePayload` writes; gives the size of the payload. */
function writeFrame(type: number, channel: number, writePayload: () => void): number {
  writer.octet(type);
  writer.short(channel);
  const sizeAt = writer.length;
  writer.long(0);
  writePayload();
  const size = writer.length - sizeAt - 4;
  writer.patchLong(sizeAt, size);
  writer.octet(FRAME_END);
  return size;
}

function writeProperties({ properties: p, headers }: PublishMessage): void {
  const flagsAt = writer.length;
  let flags = PROPERTY_FLAG.headers; // always, even when there are none, as py-amqp does
  writer.short(0);
  const text = (flag: number, value: string | undefined, name: string): void => {
    if (value === undefined) return;
    flags |= flag;
    writer.shortString(value, name);
  };
  text(PROPERTY_FLAG.contentType, p.contentType, 'content_type');
  text(PROPERTY_FLAG.contentEncoding, p.contentEncoding, 'content_encoding');
  writer.table(headers);
  if (p.deliveryMode !== undefined) {
    flags |= PROPERTY_FLAG.deliveryMode;
    writer.octet(octet(p.deliveryMode, 'delivery_mode'));
  }
  if (p.priority !== undefined) {
    flags |= PROPERTY_FLAG.priority;
    writer.octet(octet(p.priority, 'priority'));
  }
  text(PROPERTY_FLAG.correlationId, p.correlationId, 'correlation_id');
  text(PROPERTY_FLAG.replyTo, p.replyTo, 'reply_to');
  text(PROPERTY_FLAG.expiration, p.expiration, 'expiration');
  text(PROPERTY_FLAG.messageId, p.messageId, 'message_id');
  if (p.timestamp !== undefined) {
    flags |= PROPERTY_FLAG.timestamp;
    writer.longLong(BigInt(p.timestamp));
  }
  text(PROPERTY_FLAG.type, p.type, 'type');
  text(PROPERTY_FLAG.userId, p.userId, 'user_id');
  text(PROPERTY_FLAG.appId, p.appId, 'app_id');
  writer.patchShort(flagsAt, flags);
}

function octet(value: number, name: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= 255) return value;
  throw new RangeError(`${name} must be an integer from 0 to 255, got ${value}`);
}

/** What the writer holds, followed by the body in frames. */
function appendBody(channel: number, frameMax: number, body: Buffer): Buffer {
  const mostPerFrame = frameMax - FRAME_OVERHEAD;
  const frameCount = Math.ceil(body.length / mostPerFrame);
  const frames = Buffer.allocUnsafe(writer.length + body.length + frameCount * FRAME_OVERHEAD);
  writer.copyTo(frames);
  let at = writer.length;
  for (let start = 0; start < body.length; start += mostPerFrame) {
    const size = Math.min(mostPerFrame, body.length - start);
    frames[at] = BODY;
    frames.writeUInt16BE(channel, at + 1);
    frames.writeUInt32BE(size, at + 3);
    body.copy(frames, at + 7, start, start + size);
    frames[at + 7 + size] = FRAME_END;
    at += size + FRAME_OVERHEAD;
  }
  return frames;
}
