import fc from 'fast-check';
import { everyRecordedMessage, type RecordedMessage } from '@celeriac/testing';
import { decodeContentHeader } from './content-header.ts';
import { toFieldTable } from './field-table.ts';

const propertyNames: Readonly<Record<string, string>> = {
  content_type: 'contentType',
  content_encoding: 'contentEncoding',
  delivery_mode: 'deliveryMode',
  priority: 'priority',
  correlation_id: 'correlationId',
  reply_to: 'replyTo',
  expiration: 'expiration',
  message_id: 'messageId',
  timestamp: 'timestamp',
  type: 'type',
  user_id: 'userId',
  app_id: 'appId',
};

/** Offset of the property flags in a content header: after class, weight and body size. */
const FLAGS = 12;

function headerOf(message: RecordedMessage): Buffer {
  return Buffer.from(message.content_header_b64, 'base64');
}

/** The type letter that amqplib writes for a field of `toFieldTable`, in the notation of the recordings. */
function typeOf(field: unknown): unknown {
  if (field === null) return 'V';
  if (typeof field === 'string') return 'S';
  if (typeof field === 'boolean') return 't';
  if (Buffer.isBuffer(field)) return 'x';
  if (Array.isArray(field)) return { A: field.map(typeOf) };
  const { '!': mark } = field as Record<string, unknown>;
  if (mark !== undefined) return { int: 'I', long: 'L', double: 'd', timestamp: 'T' }[mark as string];
  return { F: typesOf(field as Record<string, unknown>) };
}

function typesOf(table: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).map(([name, field]) => [name, typeOf(field)]));
}

describe('decodeContentHeader', () => {
  const messages = everyRecordedMessage();

  it('has recordings of every version to read', () => {
    expect(messages.length).toBeGreaterThan(4000);
  });

  it('reads the properties and headers of every recorded message', () => {
    for (const message of messages) {
      const { properties, headers, damage } = decodeContentHeader(headerOf(message), FLAGS);
      expect(damage).toBeUndefined();
      const recorded = Object.entries(message.properties).filter(([name]) => name !== 'headers');
      expect(properties).toEqual(
        Object.fromEntries(recorded.map(([name, value]) => [propertyNames[name], value])),
      );
      expect(headers).toEqual(message.headers ?? {});
    }
  });

  it('gives headers that are written again with the types that Python wrote', () => {
    for (const message of messages) {
      if (message.header_types === undefined) continue;
      const { headers } = decodeContentHeader(headerOf(message), FLAGS);
      expect(typesOf(toFieldTable(headers))).toEqual(message.header_types);
    }
  });

  it('reports damage wherever a header is cut off, and never throws', () => {
    const bytes = messages.map(headerOf).reduce((a, b) => (b.length > a.length ? b : a));
    for (let length = 0; length < bytes.length; length++) {
      const { damage } = decodeContentHeader(bytes.subarray(0, length), FLAGS);
      expect([length, damage]).toEqual([length, expect.any(Error)]);
    }
    expect(decodeContentHeader(bytes, FLAGS).damage).toBeUndefined();
  });

  it('never throws on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const { headers, damage } = decodeContentHeader(Buffer.from(bytes), 0);
        if (damage !== undefined) expect(headers).toEqual({});
      }),
      { numRuns: 5000 },
    );
  });

  it('never throws on a recorded header with some bytes changed', () => {
    const header = fc.constantFrom(...messages.slice(0, 500)).map(headerOf);
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(header, changes, (original, edits) => {
        const bytes = Buffer.from(original);
        for (const [at, value] of edits) bytes[FLAGS + (at % (bytes.length - FLAGS))] = value;
        expect(() => decodeContentHeader(bytes, FLAGS)).not.toThrow();
      }),
      { numRuns: 3000 },
    );
  });

  it('reports tables nested too deeply to read', () => {
    const depth = 18_000;
    const levels: Buffer[] = [Buffer.from([0x20, 0])];
    for (let level = depth; level >= 0; level--) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(level * 7);
      levels.push(length, ...(level === 0 ? [] : [Buffer.from('\x01xF', 'latin1')]));
    }
    const { damage } = decodeContentHeader(Buffer.concat(levels), 0);
    expect(damage).toBeInstanceOf(Error);
  });

  it('reports property flags that go on in a second word, which basic properties never do', () => {
    expect(decodeContentHeader(Buffer.from([0, 1, 0, 0]), 0).damage).toBeInstanceOf(Error);
  });
});
