import fc from 'fast-check';
import { decodeContentHeader } from './content-header.ts';
import type { Headers } from '@celeriac/primitives';
import type { PublishMessage } from './message-publisher.ts';
import { encodePublish } from './publish-frames.ts';

interface ReadFrame {
  readonly type: number;
  readonly channel: number;
  readonly payload: Buffer;
}

function readFrames(bytes: Buffer): ReadFrame[] {
  const frames: ReadFrame[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = at + 7 + bytes.readUInt32BE(at + 3);
    expect(bytes[end]).toBe(0xce);
    frames.push({
      type: bytes.readUInt8(at),
      channel: bytes.readUInt16BE(at + 1),
      payload: bytes.subarray(at + 7, end),
    });
    at = end + 1;
  }
  return frames;
}

const plain: PublishMessage = {
  exchange: 'x',
  routingKey: 'key',
  properties: {},
  headers: {},
  body: Buffer.from('body'),
  mandatory: true,
};

describe('encodePublish', () => {
  it('writes method, content header and body', () => {
    const frames = readFrames(encodePublish(7, 131072, plain));
    expect(frames.map(({ type, channel }) => [type, channel])).toEqual([
      [1, 7],
      [2, 7],
      [3, 7],
    ]);
    expect(frames[0]?.payload.toString('latin1')).toBe('\0\x3c\0\x28\0\0\x01x\x03key\x01');
    expect(frames[1]?.payload.toString('hex')).toBe('003c000000000000000000042000' + '00000000');
    expect(frames[2]?.payload.toString()).toBe('body');
  });

  it.each([
    [0, []],
    [1, [1]],
    [4088, [4088]],
    [4089, [4088, 1]],
    [10_000, [4088, 4088, 1824]],
  ])('cuts a body of %i bytes into frames that the broker takes', (size, sizes) => {
    const body = Buffer.from(Array.from({ length: size }, (_each, index) => index & 0xff));
    const frames = readFrames(encodePublish(1, 4096, { ...plain, body }));
    expect(frames.slice(2).map(({ payload }) => payload.length)).toEqual(sizes);
    expect(Buffer.concat(frames.slice(2).map(({ payload }) => payload)).equals(body)).toBe(true);
    expect(frames[1]?.payload.readBigUInt64BE(4)).toBe(BigInt(size));
  });

  it('keeps what it gave out apart from what it writes next', () => {
    const first = encodePublish(1, 131072, plain);
    const copy = Buffer.from(first);
    encodePublish(2, 131072, { ...plain, exchange: 'other', headers: { a: 'b'.repeat(50_000) } });
    expect(first.equals(copy)).toBe(true);
  });

  it('gives back, read again, every header and property', () => {
    const float = fc
      .double({ noNaN: true })
      .filter((number) => !Number.isSafeInteger(number) || Object.is(number, -0));
    const date = fc
      .date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true })
      .map((each) => new Date(Math.floor(each.getTime() / 1000) * 1000));
    const name = fc.oneof(fc.string({ maxLength: 60, unit: 'grapheme' }), fc.constant('__proto__'));
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'binary-ascii', maxLength: 200 }),
        fc.maxSafeInteger(),
        fc.integer(),
        float,
        fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
        fc.boolean(),
        fc.constant(null),
        date,
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        fc.array(tie('value')),
        fc.dictionary(name, tie('value'), { noNullPrototype: true }),
      ),
    }));
    const short = fc.option(fc.string({ maxLength: 60, unit: 'grapheme' }), { nil: undefined });
    const octet = fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined });
    const properties = fc.record({
      contentType: short,
      contentEncoding: short,
      deliveryMode: octet,
      priority: octet,
      correlationId: short,
      replyTo: short,
      expiration: short,
      messageId: short,
      timestamp: fc.option(fc.maxSafeInteger().map(Math.abs), { nil: undefined }),
      type: short,
      userId: short,
      appId: short,
    });
    const headers: fc.Arbitrary<Headers> = fc.dictionary(name, value, { noNullPrototype: true });
    fc.assert(
      fc.property(headers, properties, (sentHeaders, sentProperties) => {
        const message = { ...plain, headers: sentHeaders, properties: sentProperties };
        const [, header] = readFrames(encodePublish(1, 4 * 1024 * 1024, message));
        const decoded = decodeContentHeader(header?.payload ?? Buffer.alloc(0), 12);
        expect(decoded.damage).toBeUndefined();
        expect(decoded.headers).toEqual(sentHeaders);
        expect(Object.keys(decoded.headers)).toEqual(Object.keys(sentHeaders));
        expect(decoded.properties).toEqual(
          Object.fromEntries(Object.entries(sentProperties).filter(([, each]) => each !== undefined)),
        );
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, Partial<PublishMessage>, string]>([
    ['a header that is a function', { headers: { a: { b: [() => 1] } } }, 'header a.b[0] is a function'],
    ['a header that is a symbol', { headers: { a: Symbol('s') } }, 'header a is a symbol'],
    ['an integer beyond 64 bits', { headers: { a: 2n ** 63n } }, 'header a is beyond the 64 bits'],
    [
      'NaN',
      { headers: { a: { b: [1, NaN] } } },
      'header a.b[1] is NaN, which no broker reads; send it as a string',
    ],
    ['a marked float that is infinite', { headers: { a: Object(-Infinity) } }, 'header a is -Infinity'],
    [
      'a header name over 255 bytes',
      { headers: { ['n'.repeat(256)]: 1 } },
      'must have at most 255 bytes, got 256',
    ],
    [
      'a routing key over 255 bytes',
      { routingKey: 'é'.repeat(128) },
      'the routing key must have at most 255 bytes',
    ],
    [
      'a property over 255 bytes',
      { properties: { replyTo: 'q'.repeat(256) } },
      'reply_to must have at most 255',
    ],
    [
      'a priority that is no octet',
      { properties: { priority: 256 } },
      'priority must be an integer from 0 to 255',
    ],
    [
      'a priority that is no integer',
      { properties: { priority: 1.5 } },
      'priority must be an integer from 0 to 255',
    ],
    [
      'a negative delivery mode',
      { properties: { deliveryMode: -1 } },
      'delivery_mode must be an integer from 0',
    ],
    ['a date that is none', { headers: { at: new Date(NaN) } }, 'header at is a date that AMQP cannot carry'],
    [
      'headers larger than a frame',
      { headers: { big: 'x'.repeat(131_072) } },
      "the broker's limit for a frame",
    ],
  ])('refuses %s, and writes the next message whole', (_what, overrides, reason) => {
    expect(() => encodePublish(1, 131072, { ...plain, ...overrides })).toThrow(reason);
    expect(readFrames(encodePublish(1, 131072, plain))).toHaveLength(3);
  });
});
