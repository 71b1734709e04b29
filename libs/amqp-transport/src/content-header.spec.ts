import fc from 'fast-check';
import { everyRecordedMessage, type RecordedMessage } from '@celeriac/testing';
import { decodeContentHeader } from './content-header.ts';

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
