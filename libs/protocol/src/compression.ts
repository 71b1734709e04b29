import { brotliDecompressSync, inflateSync } from 'node:zlib';
import { DecodeError } from './protocol-error.ts';

type Decompress = (body: Buffer, maxOutputLength: number) => Buffer;

// Celery's "gzip" is a zlib stream, not the gzip file format
const zlib: Decompress = (body, maxOutputLength) => inflateSync(body, { maxOutputLength });
const brotli: Decompress = (body, maxOutputLength) => brotliDecompressSync(body, { maxOutputLength });

const decompressors = new Map<string, Decompress>([
  ['application/x-gzip', zlib],
  ['gzip', zlib],
  ['zlib', zlib],
  ['application/x-brotli', brotli],
  ['brotli', brotli],
]);

function describe(header: unknown): string {
  return typeof header === 'string' ? JSON.stringify(header.slice(0, 64)) : `a ${typeof header}`;
}

/**
 * The body of a message without its compression, which the header `compression` names by MIME type or alias.
 *
 * zlib and brotli are read; bzip2, lzma and zstd are refused.
 *
 * [MESSAGE-COMPRESSION] Source: kombu 5.6.2, kombu/compression.py `decompress`; vectors `task-messages: gzip, brotli`.
 *
 * @throws DecodeError when the codec is not supported, the data is corrupt or larger than `maxBytes` once decompressed
 */
export function decompressBody(body: Buffer, header: unknown, maxBytes: number): Buffer {
  if (body.length > maxBytes) throw tooLarge(maxBytes);
  if (header === undefined || header === null || header === '') return body;
  const decompress = typeof header === 'string' ? decompressors.get(header) : undefined;
  if (decompress === undefined) {
    throw new DecodeError(
      `compression must be application/x-gzip or application/x-brotli, got ${describe(header)}`,
      {
        reason: 'compression-not-supported',
      },
    );
  }
  try {
    return decompress(body, maxBytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes, error);
    throw new DecodeError(`the body is no valid ${describe(header)} data`, {
      reason: 'compression-corrupt',
      cause: error,
    });
  }
}

function tooLarge(maxBytes: number, cause?: unknown): DecodeError {
  return new DecodeError(`the body is larger than ${maxBytes} bytes`, { reason: 'body-too-large', cause });
}
