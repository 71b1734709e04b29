import { FieldReader, FieldTableError } from './field-table.ts';
import type { Headers, MessageProperties } from '@celeriac/primitives';

/** What a content header frame says of a message. */
export interface ContentHeader {
  readonly properties: MessageProperties;
  readonly headers: Headers;
  /** Set when the properties or the header table could not be read; `headers` is then empty. */
  readonly damage: Error | undefined;
  /** About what properties and headers take in memory, in bytes. */
  readonly bytes: number;
}

/** Bit of each basic property in the flags of a content header; the properties follow in the order of their bits. */
export const PROPERTY_FLAG = {
  contentType: 1 << 15,
  contentEncoding: 1 << 14,
  headers: 1 << 13,
  deliveryMode: 1 << 12,
  priority: 1 << 11,
  correlationId: 1 << 10,
  replyTo: 1 << 9,
  expiration: 1 << 8,
  messageId: 1 << 7,
  timestamp: 1 << 6,
  type: 1 << 5,
  userId: 1 << 4,
  appId: 1 << 3,
  /** A second word of flags follows; the basic properties never need one. */
  more: 1,
} as const;

/** About what a field takes in memory beside its text, in bytes. */
const bytesPerField = 64;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Decodes the properties of a content header frame: flags, then each property whose bit is set, in the order of the bits.
 *
 * Never throws: a header that cannot be read is a fault of one message and must not cost the connection, so it is
 * reported as `damage`. (amqplib's own decoder throws on Python's `L` integers, and the connection is lost with it.)
 *
 * @param bytes - the frame's payload
 * @param start - offset of the property flags
 */
export function decodeContentHeader(bytes: Buffer, start: number): ContentHeader {
  const properties: Writable<MessageProperties> = {};
  const fields = new FieldReader(bytes, start);
  try {
    const headers = readProperties(bytes, start, properties, fields);
    return { properties, headers, damage: undefined, bytes: bytes.length + fields.count * bytesPerField };
  } catch (error) {
    const damage = error instanceof Error ? error : new Error(String(error));
    return { properties, headers: {}, damage, bytes: bytes.length };
  }
}

function readProperties(
  bytes: Buffer,
  start: number,
  into: Writable<MessageProperties>,
  fields: FieldReader,
): Headers {
  const flags = bytes.readUInt16BE(start);
  if (flags & PROPERTY_FLAG.more)
    throw new FieldTableError('there are property flags beyond the basic properties');
  let offset = start + 2;
  let headers: Headers = {};

  function shortString(): string {
    const start = offset + 1;
    offset = start + bytes.readUInt8(offset);
    if (offset > bytes.length) throw new FieldTableError('a property runs past the end of the frame');
    return bytes.toString('utf8', start, offset);
  }

  if (flags & PROPERTY_FLAG.contentType) into.contentType = shortString();
  if (flags & PROPERTY_FLAG.contentEncoding) into.contentEncoding = shortString();
  if (flags & PROPERTY_FLAG.headers) {
    headers = fields.tableAt(offset);
    offset += 4 + bytes.readUInt32BE(offset);
  }
  if (flags & PROPERTY_FLAG.deliveryMode) into.deliveryMode = bytes.readUInt8(offset++);
  if (flags & PROPERTY_FLAG.priority) into.priority = bytes.readUInt8(offset++);
  if (flags & PROPERTY_FLAG.correlationId) into.correlationId = shortString();
  if (flags & PROPERTY_FLAG.replyTo) into.replyTo = shortString();
  if (flags & PROPERTY_FLAG.expiration) into.expiration = shortString();
  if (flags & PROPERTY_FLAG.messageId) into.messageId = shortString();
  if (flags & PROPERTY_FLAG.timestamp) {
    into.timestamp = Number(bytes.readBigUInt64BE(offset));
    offset += 8;
  }
  if (flags & PROPERTY_FLAG.type) into.type = shortString();
  if (flags & PROPERTY_FLAG.userId) into.userId = shortString();
  if (flags & PROPERTY_FLAG.appId) into.appId = shortString();
  return headers;
}
