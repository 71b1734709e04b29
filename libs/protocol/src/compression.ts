import { brotliCompressSync, brotliDecompressSync, deflateSync, inflateSync } from 'node:zlib';
import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { bodyTooLarge } from './compression/capped-output.ts';
import { decompressBzip2 } from './compression/decompress-bzip2.ts';
import { decompressXz } from './compression/decompress-xz.ts';
import { compressZstd, decompressZstd } from './compression/zstd.ts';
import { DecodeError } from './protocol-error.ts';

/** The names that kombu has for the compression of a body, besides the MIME types. */
export const compressionNames = [
  'gzip',
  'zlib',
  'bzip2',
  'bzip',
  'lzma',
  'xz',
  'brotli',
  'zstd',
  'zstandard',
] as const;

/** How a body is compressed, by one of kombu's names. Which of them can be written, {@link writableCompressions} says. */
export type CompressionName = (typeof compressionNames)[number];

/** A compression that bodies can be written with. */
export interface Compression {
  /** The MIME type that the header `compression` carries. */
  readonly contentType: string;
  readonly compress: (body: Buffer) => Buffer;
}

interface Codec {
  readonly contentType: string;
  readonly aliases: readonly CompressionName[];
  /** Why `compress` is missing, for who asks for it. */
  readonly whyNotWritten?: string;
  readonly compress?: ((body: Buffer) => Buffer) | undefined;
  /** Holds the limit while it decodes. Throws a DecodeError or, for corrupt data, anything else. */
  decompress(body: Buffer, maxBytes: number): Buffer;
}

const noLibrary = 'no library writes it without native code';

const codecs: readonly Codec[] = [
  {
    contentType: 'application/x-gzip',
    aliases: ['gzip', 'zlib'],
    // Celery's "gzip" is a zlib stream, not the gzip file format
    compress: (body) => deflateSync(body),
    decompress: (body, maxOutputLength) => inflateSync(body, { maxOutputLength }),
  },
  {
    contentType: 'application/x-bz2',
    aliases: ['bzip2', 'bzip'],
    whyNotWritten: noLibrary,
    decompress: decompressBzip2,
  },
  {
    contentType: 'application/x-lzma',
    aliases: ['lzma', 'xz'],
    whyNotWritten: noLibrary,
    decompress: decompressXz,
  },
  {
    contentType: 'application/x-brotli',
    aliases: ['brotli'],
    compress: (body) => brotliCompressSync(body),
    decompress: (body, maxOutputLength) => brotliDecompressSync(body, { maxOutputLength }),
  },
  {
    contentType: 'application/zstd',
    aliases: ['zstd', 'zstandard'],
    whyNotWritten: 'writing it needs Node 22.15 or newer',
    compress: compressZstd,
    decompress: decompressZstd,
  },
];

const codecByName: ReadonlyMap<string, Codec> = new Map(
  codecs.flatMap((codec) => [codec.contentType, ...codec.aliases].map((name) => [name, codec] as const)),
);

/** The names of the compressions that can be written here; zstd is among them from Node 22.15 on. All can be read. */
export const writableCompressions: readonly CompressionName[] = codecs.flatMap(({ compress, aliases }) =>
  compress === undefined ? [] : aliases,
);

/**
 * The compression that a setting `task_compression` or an option `compression` names, by alias or by MIME type.
 *
 * bzip2 and lzma can be read and not written.
 *
 * [COMPRESSION-ALIASES] Source: kombu 5.7.0, kombu/compression.py `register`, `get_encoder`.
 *
 * @throws ImproperlyConfiguredError when the name is unknown or cannot be written; says which can
 */
export function resolveCompression(name: string): Compression {
  const codec = codecByName.get(name);
  const writable = writableCompressions.join(', ');
  if (codec === undefined) {
    throw new ImproperlyConfiguredError(
      `compression must be one of ${writable}, got ${JSON.stringify(name)}`,
    );
  }
  const { contentType, compress, whyNotWritten = '' } = codec;
  if (compress === undefined) {
    throw new ImproperlyConfiguredError(
      `compression ${JSON.stringify(name)} can be read and not written (${whyNotWritten}): use one of ${writable}`,
    );
  }
  return { contentType, compress };
}

function describe(header: unknown): string {
  return typeof header === 'string' ? JSON.stringify(header.slice(0, 64)) : `a ${typeof header}`;
}

/**
 * The body of a message without its compression, which the header `compression` names by MIME type or alias.
 *
 * [MESSAGE-COMPRESSION] Source: kombu 5.7.0, kombu/compression.py `decompress`; vectors
 * `task-messages: gzip, bzip2, lzma, brotli`.
 *
 * @throws DecodeError when the codec is not known, the data is corrupt, or larger than `maxBytes` before or after it is
 * decompressed; the limit holds while decompressing
 */
export function decompressBody(body: Buffer, header: unknown, maxBytes: number): Buffer {
  if (body.length > maxBytes) throw bodyTooLarge(maxBytes);
  if (header === undefined || header === null || header === '') return body;
  const codec = typeof header === 'string' ? codecByName.get(header) : undefined;
  if (codec === undefined) {
    const known = codecs.map(({ contentType }) => contentType).join(', ');
    throw new DecodeError(`compression must be one of ${known}, got ${describe(header)}`, {
      reason: 'compression-not-supported',
    });
  }
  try {
    return codec.decompress(body, maxBytes);
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw bodyTooLarge(maxBytes, error);
    throw new DecodeError(`the body is no valid ${describe(header)} data`, {
      reason: 'compression-corrupt',
      cause: error,
    });
  }
}
