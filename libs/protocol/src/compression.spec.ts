import * as zlib from 'node:zlib';
import { ImproperlyConfiguredError } from '@celeriac/primitives';
import fc from 'fast-check';
import { compressionNames, decompressBody, resolveCompression, writableCompressions } from './compression.ts';
import { DecodeError } from './protocol-error.ts';

const text = '[[2, 3], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]';
const mebibyte = 1024 * 1024;
const gibibyte = 1024 * mebibyte;
const cap = 64 * mebibyte;

function fromBase64(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}

/** The text as Python's modules, or zstd's own program, compress it. */
const samples: readonly (readonly [string, string, string])[] = [
  ['zlib', 'gzip', 'eJyLjjbSUTCO1VGorgVipeTEnJykxOTsYiUrhbzSnBwdBaXUoiI0keSMxMw8ZG5+UQqUWxsLAApsGfI='],
  [
    'bzip2',
    'bzip2',
    'QlpoOTFBWSZTWaRTNS4AAA+bgFAEGBAACj5tmgogAFQ1AGgANNBKmJqGh6g9QyKDgh7KRfKnlLYiH3BWh+Se77WpIy1GQqGFNWw7AESeQGBAcl8XckU4UJCkUzUu',
  ],
  [
    'two streams of bzip2',
    'application/x-bz2',
    'QlpoOTFBWSZTWZ7nGpYAAAgbgFAEGBAACjoNGgogADFMJpoDTEGpkyBoDIYUh105WGZcHvOwb45UiSYhL088IO/F3JFOFCQnucalgEJaaDkxQVkmU1kd3+46AAALm4BQBAAQAAIsbZoCIAAxTTIxMTEGUBpoeoaTFD1PYIMY3MeQSYQZdyXiOG/xdyRThQkB3f7joA==',
  ],
  [
    'xz',
    'lzma',
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4ABQADZdAC3gxFghFmYaLE91EEZQl45P+JXz7EBhcwcW3cF2FJS4v+KyE8ElvCxsTUIn6T/m2ZkUoqc8AAAAAL+W5h8113PWAAFSUZ/rZ7QftvN9AQAAAAAEWVo=',
  ],
  [
    'xz without a check',
    'xz',
    '/Td6WFoAAAD/EtlBAgAhARYAAAB0L+Wj4ABQADZdAC3gxFghFmYaLE91EEZQl45P+JXz7EBhcwcW3cF2FJS4v+KyE8ElvCxsTUIn6T/m2ZkUoqc8AAAAAAABSlHGc3w2BnKeegEAAAAAAFla',
  ],
  [
    'xz with CRC-32',
    'xz',
    '/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4ABQADZdAC3gxFghFmYaLE91EEZQl45P+JXz7EBhcwcW3cF2FJS4v+KyE8ElvCxsTUIn6T/m2ZkUoqc8AAAAADsehhoAAU5RwrYQUpBCmQ0BAAAAAAFZWg==',
  ],
  [
    'xz with SHA-256',
    'application/x-lzma',
    '/Td6WFoAAArh+wyhAgAhARYAAAB0L+Wj4ABQADZdAC3gxFghFmYaLE91EEZQl45P+JXz7EBhcwcW3cF2FJS4v+KyE8ElvCxsTUIn6T/m2ZkUoqc8AAAAAEoFe/2+IWjxIx2RpVQ5DHLLqRDFfvMuEdRdeUnJMwFcAAFqUWRX+KMYm0uaAQAAAAAKWVo=',
  ],
  [
    'two streams of xz with padding between, one of them stored',
    'lzma',
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAnW1syLCAzXSwge30sIHsiY2FsbGJhY2tzIjogbnVsbCwgImVycmJhYwDfcnUnFGrTtgABQCjUUkrlH7bzfQEAAAAABFlaAAAAAP03elhaAAAE5ta0RgIAIQEWAAAAdC/lo+AAKAAeXQA1nMBCkCnJ0poTeUCwQ0TI9XUEOxpHBnLEFieK1wAAAADEx49LyiKY4wABOik+851HH7bzfQEAAAAABFla',
  ],
  ['brotli', 'brotli', 'G1AA4MXOlqpdlmhSNY1su48/Tjng5oEH4HmQZnTSwwYcRBIGy5ppKl74F5T2EJfuw5DySgcuu1c='],
  [
    'zstd',
    'zstd',
    'KLUv/SBR9QEAFANbWzIsIDNdLCB7fSwgeyJjYWxsYmFja3MiOiBudWxsLCAiZXJyY2hhaW5jaG9yZH1dAwAysyZq061uPgE=',
  ],
  [
    'zstd with a checksum',
    'zstandard',
    'KLUv/SRR9QEAFANbWzIsIDNdLCB7fSwgeyJjYWxsYmFja3MiOiBudWxsLCAiZXJyY2hhaW5jaG9yZH1dAwAysyZq061uPgEbeY1j',
  ],
  [
    'zstd that does not tell its size',
    'zstd',
    'KLUv/QRY9QEAFANbWzIsIDNdLCB7fSwgeyJjYWxsYmFja3MiOiBudWxsLCAiZXJyY2hhaW5jaG9yZH1dAwAysyZq061uPgEbeY1j',
  ],
  [
    'two frames of zstd with one to skip between',
    'application/zstd',
    'KLUv/SAoQQEAW1syLCAzXSwge30sIHsiY2FsbGJhY2tzIjogbnVsbCwgImVycmJhY1AqTRgCAAAAaGkotS/9ICn1AACwa3MiOiBudWxsLCAiY2hhaW5vcmR9XQIAIBuFm0s=',
  ],
];

function refusalOf(body: Buffer, compression: string, maxBytes = cap): DecodeError {
  try {
    decompressBody(body, compression, maxBytes);
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error('expected a DecodeError');
}

describe('decompressBody', () => {
  it.each(samples)('reads %s', (_, compression, base64) => {
    expect(decompressBody(fromBase64(base64), compression, cap).toString()).toBe(text);
  });

  it.each(samples)(
    'takes %s of just the size that it may have, and no byte more',
    (_, compression, base64) => {
      expect(decompressBody(fromBase64(base64), compression, 1000)).toHaveLength(text.length);
      // a cap below the compressed body refuses it earlier, which is tested with the plain one
      const body = fromBase64(base64);
      if (body.length < text.length) {
        expect(decompressBody(body, compression, text.length)).toHaveLength(text.length);
        expect(refusalOf(body, compression, text.length - 1).reason).toBe('body-too-large');
      }
    },
  );

  it.each(samples)('refuses %s that ends too early, wherever that is', (_, compression, base64) => {
    const body = fromBase64(base64);
    const whole = new Set<string>();
    for (let length = 0; length < body.length; length += 1) {
      try {
        // what ends between two streams is whole
        whole.add(decompressBody(body.subarray(0, length), compression, cap).toString());
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
        expect((error as DecodeError).reason).toBe('compression-corrupt');
      }
    }
    whole.delete(text.slice(0, Math.floor(text.length / 2)));
    expect([...whole]).toEqual([]);
  });

  it('refuses a filter of xz that Python does not use by default', () => {
    const delta = fromBase64(
      '/Td6WFoAAATm1rRGAgEDAQAhARZ5IMTu4ABQAD9dAC2AFxgqnmQugI6qHSByYOF0sJO5otud86dLv+FRdsFi5jpg0WHHHNk8RPkNJjF2eAa20ob5avaxeVHJCqu8AAAAv5bmHzXXc9YAAVtR1lClZR+2830BAAAAAARZWg==',
    );
    const error = refusalOf(delta, 'xz');
    expect(error.reason).toBe('compression-corrupt');
    expect((error.cause as Error).message).toContain('LZMA2 and nothing else');
  });

  it.each(samples.filter(([name]) => /^(?:bzip2|xz|xz with .*|zlib)$/.test(name)))(
    'refuses %s in which one bit has changed',
    (_, compression, base64) => {
      const body = fromBase64(base64);
      fc.assert(
        fc.property(fc.nat(body.length * 8 - 1), (bit) => {
          const damaged = Buffer.from(body);
          damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          // a bit that nobody reads, such as the last ones of a bzip2 stream, changes nothing
          try {
            expect(decompressBody(damaged, compression, cap).toString()).toBe(text);
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        }),
        { numRuns: 300 },
      );
    },
  );

  it('refuses anything with a DecodeError, and nothing crashes', () => {
    const sample = fc.constantFrom(...samples.map(([, , base64]) => fromBase64(base64)));
    const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    const spliced = fc
      .tuple(sample, fc.nat(120), fc.uint8Array({ maxLength: 30 }))
      .map(([body, at, bytes]) =>
        Buffer.concat([body.subarray(0, at), bytes, body.subarray(at + bytes.length)]),
      );
    fc.assert(
      fc.property(fc.constantFrom(...compressionNames), fc.oneof(random, spliced), (compression, body) => {
        try {
          decompressBody(body, compression, mebibyte);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

/** A body of zlib: what inflates to a mebibyte of zeros, `count` times; its checksum would come too late. */
function zlibBomb(count: number): Buffer {
  const piece = zlib.deflateRawSync(Buffer.alloc(mebibyte), { finishFlush: zlib.constants.Z_FULL_FLUSH });
  return Buffer.concat([Buffer.from([0x78, 0x9c]), ...Array<Buffer>(count).fill(piece)]);
}

/** A frame of zstd without a size: blocks that repeat a zero 128 Ki times. */
function zstdBomb(count: number): Buffer {
  const block = Buffer.from([0x02, 0x00, 0x10, 0x00]);
  const last = Buffer.from([0x03, 0x00, 0x10, 0x00]);
  return Buffer.concat([Buffer.from('28b52ffd0038', 'hex'), ...Array<Buffer>(count - 1).fill(block), last]);
}

/** 45 MiB of zeros as one stream of bzip2. */
const bzip2Stream = fromBase64(
  'QlpoOTFBWSZTWQ4J4t8BX45AAMAAAAggADCATUZCoCWpCoCXMUFZJlNZl6e+HAAJ2sAEwAAAAQAIIAAwzAmqaZIhW1REK8XckU4UJCLtHuiA',
);

/** 2 MiB of zeros as one stream of xz. */
const xzStream = fromBase64(
  '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj//8RAWxdAABv/f//o7f/Rz5IFXI5YVG4kijmo4YH+e7kHoLTL8U6PAFLsX7JiopNL6MN2X+m44wjEVPgWRjFdYrid/i2lH8MasDedElk4ulcU7IE2PdEDKtfDW1G6eXDdoi3llestk3haR1v+0uIEGxCy4g/XACP0E6vJiiUcR89jyThcJ6nI1/sKMuF0ZWYin4qkfIndfcZwAaYTZj92K/VkA/EJVP49ZE2MQWlsO5vwXBNRwzRkRGqrWAdus6xJxhcWYbpZlJYvul2rFnk5VsFCPnH2q38+1IrdM0eWyBC+d1TPfgpZAk7gMsqbN+1O/DEvS5fqg8+S2ZCkBMO/xCT+HF4WfgLzf+VKEYPqfx83vuaMC5WwI+F84OBwGXEJVP49ZE2MQWlsO5vwXBNRwzRkRGqrWAdus6xJxhcWYbpZlJYvul2rFnk5VsFCPnH2q38+1IrdM0eWyBC+d1TPfgpZAk7gMsqbN+1O/DEvEgn5liAAO0ABQAcpiTxAAAAtlNaZoaR/h0AAZMDgICAAYbP71+xxGf7AgAAAAAEWVo=',
);

/** The blocks of xz's stream above without its header, so that one stream can hold any number of them. */
const xzBlock = xzStream.subarray(12, xzStream.length - 24);

/** 1 GiB of zeros as brotli, which repeats itself. */
function brotliBomb(): Buffer {
  const period =
    '80eefd1fffffffe09f0088c30200ddfb3ffeffffc13f0110870500baf77ffcffff837f02200e0b0074effff8ffff07ff04401c1600e8defff1ffff0ffe0980382c00d0bdffe3ffff1ffc1300715800a07bffc7ffff3ff82700e2b00040f7fe8fffff7ff04f00c46101';
  return Buffer.from(
    `cbffff3ff82700e2b14020f7fe8fffff7ff04f00c46111${period.repeat(15)}80eefd1fffffffe09f0088c30200ddfb3ffeffffc13f0110870500baf77ffcffff837f02200e0b0074effff8ffff07ff04401c1600e8defff1ffff0ffe0980382c00d0bdffe3ffff1ffc1300715800a07bff37`,
    'hex',
  );
}

/** Bodies of at most 1 MiB that decompress to about 1 GiB. */
const bombs: readonly (readonly [string, string, () => Buffer])[] = [
  ['zlib', 'gzip', () => zlibBomb(1023)],
  ['bzip2', 'bzip2', () => Buffer.concat(Array<Buffer>(23).fill(bzip2Stream))],
  ['xz, in many streams', 'xz', () => Buffer.concat(Array<Buffer>(512).fill(xzStream))],
  [
    'xz, in one stream',
    'xz',
    () => Buffer.concat([xzStream.subarray(0, 12), ...Array<Buffer>(512).fill(xzBlock)]),
  ],
  ['brotli', 'brotli', brotliBomb],
  ['zstd', 'zstd', () => zstdBomb(gibibyte / (128 * 1024))],
  ['zstd, in many frames', 'zstd', () => Buffer.concat(Array<Buffer>(64).fill(zstdBomb(128)))],
];

describe('bombs', () => {
  it.each(bombs)('are refused while they go off: %s', (_, compression, build) => {
    const body = build();
    expect(body.length).toBeLessThanOrEqual(1.05 * mebibyte);
    const before = process.resourceUsage().maxRSS;
    const error = refusalOf(body, compression);
    expect(error.reason).toBe('body-too-large');
    expect(error.message).toContain(`larger than ${cap} bytes`);
    // kibibytes: the output twice, while it grows, and what garbage lies about
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(400 * 1024);
  });

  it.each([
    ['zlib', 'gzip', zlibBomb(1), mebibyte],
    ['bzip2', 'bzip2', bzip2Stream, 45 * mebibyte],
    ['xz', 'xz', xzStream, 2 * mebibyte],
    ['zstd', 'zstd', zstdBomb(8), mebibyte],
  ])('are made of what is read: %s', (name, compression, piece, bytes) => {
    if (name === 'zlib') {
      // without its end it is refused, though not for its size
      expect(refusalOf(piece, compression).reason).toBe('compression-corrupt');
      expect(
        zlib.inflateRawSync(piece.subarray(2), { finishFlush: zlib.constants.Z_SYNC_FLUSH }),
      ).toHaveLength(bytes);
    } else expect(decompressBody(piece, compression, cap)).toHaveLength(bytes);
  });

  it('refuses at once a frame of zstd that promises more than may come', () => {
    const frame = Buffer.from('28b52ffde00000000001000000010000', 'hex');
    expect(refusalOf(frame, 'zstd').reason).toBe('body-too-large');
  });

  it.each([
    ['a window that zstd itself refuses', Buffer.from('28b52ffd00f8010000', 'hex'), 'window must be at most'],
    [
      'thousands of empty frames',
      Buffer.concat(Array<Buffer>(1001).fill(Buffer.from('28b52ffd2000010000', 'hex'))),
      'frames',
    ],
  ])('refuses %s', (_, body, cause) => {
    const error = refusalOf(body, 'zstd');
    expect(error.reason).toBe('compression-corrupt');
    expect((error.cause as Error).message).toContain(cause);
  });

  it('reads thousands of empty streams of bzip2 without a buffer for each', () => {
    const empty = fromBase64('QlpoORdyRThQkAAAAAA=');
    expect(decompressBody(Buffer.concat(Array<Buffer>(20_000).fill(empty)), 'bzip2', cap)).toHaveLength(0);
  });
});

describe('resolveCompression', () => {
  const nativeZstd = 'zstdCompressSync' in zlib ? ['zstd', 'zstandard'] : [];

  it('writes zlib and brotli, and zstd where Node can', () => {
    expect(writableCompressions).toEqual(['gzip', 'zlib', 'brotli', ...nativeZstd]);
  });

  it.each(writableCompressions)('writes %s, which reads back', (name) => {
    const { contentType, compress } = resolveCompression(name);
    expect(decompressBody(compress(Buffer.from(text)), contentType, cap).toString()).toBe(text);
    expect(resolveCompression(contentType).contentType).toBe(contentType);
  });

  it('writes "gzip" as a zlib stream, which begins as Python\'s does', () => {
    const { contentType, compress } = resolveCompression('gzip');
    expect(contentType).toBe('application/x-gzip');
    expect(compress(Buffer.from(text)).toString('hex')).toMatch(/^789c/);
  });

  it.each(compressionNames.filter((name) => !writableCompressions.includes(name)))(
    'says of %s that it can be read alone, and what can be written',
    (name) => {
      expect(() => resolveCompression(name)).toThrow(ImproperlyConfiguredError);
      expect(() => resolveCompression(name)).toThrow(
        new RegExp(
          `^compression "${name}" can be read and not written \\(.+\\): use one of gzip, zlib, brotli`,
        ),
      );
    },
  );

  it.each(['snappy', '', 'GZIP', 'constructor'])('refuses "%s"', (name) => {
    expect(() => resolveCompression(name)).toThrow(`got "${name}"`);
  });
});
