import { memoryLimitBytes } from '@celeriac/primitives';
import { decompressBody } from './compression.ts';
import type { IncomingMessage } from './message.ts';
import { ContentDisallowedError } from './protocol-error.ts';
import type { Serializer } from './serializer.ts';
import { ValueCount } from './value-count.ts';
import { jsonSerializer, pickleTypes, resolveSerializer, serializerByType } from './serializer.ts';

/** What a message is read with. */
export interface ReadContentOptions {
  /** Names or MIME types of the content that is read: json, msgpack, yaml. Default `['json']`. */
  readonly acceptContent?: readonly string[] | undefined;
  /** Largest body, before and after decompression, in bytes; 256 KiB at most for YAML. Default {@link defaultMaxBodyBytes}. */
  readonly maxBodyBytes?: number | undefined;
  /** Most values in a body, each key, array and object counted. Default {@link defaultMaxBodyValues}. */
  readonly maxBodyValues?: number | undefined;
}

const memoryLimit = memoryLimitBytes();

/** A sixteenth of the heap, at most 64 MiB: a body is there as bytes and as a text, which may take twice as much. */
export const defaultMaxBodyBytes = Math.min(64 * 1024 * 1024, Math.floor(memoryLimit / 16));
/** One for each 512 bytes of the heap, of which they take an eighth. */
export const defaultMaxBodyValues = Math.floor(memoryLimit / 512);

/** Bodies up to this size are not measured: about what most messages have, in bytes. */
const smallBody = 4096;
const defaultAccepted: ReadonlySet<string> = new Set([jsonSerializer.contentType]);

/**
 * The MIME types that a setting `accept_content` stands for.
 *
 * [CONTENT-ACCEPT] Source: kombu 5.6.2, kombu/serialization.py `prepare_accept_content`.
 *
 * @throws ImproperlyConfiguredError for pickle, whose reading runs code of the sender's choice, and for a serializer
 * that is not supported
 */
export function resolveAcceptContent(acceptContent: readonly string[]): ReadonlySet<string> {
  return new Set(acceptContent.map((name) => resolveSerializer(name, 'accept_content').contentType));
}

// a worker passes the same array with every message
const resolved = new WeakMap<readonly string[], ReadonlySet<string>>();

function acceptedTypes(acceptContent: readonly string[] | undefined): ReadonlySet<string> {
  if (acceptContent === undefined) return defaultAccepted;
  let types = resolved.get(acceptContent);
  if (types === undefined) {
    types = resolveAcceptContent(acceptContent);
    resolved.set(acceptContent, types);
  }
  return types;
}

function refuseContentType(contentType: string | undefined, accepted: ReadonlySet<string>): never {
  if (contentType === undefined || contentType === '') {
    throw new ContentDisallowedError(
      'content-type-missing',
      'the message has no content type: set content_type to application/json',
    );
  }
  const types = Array.from(accepted).join(', ');
  throw new ContentDisallowedError(
    'content-type-refused',
    pickleTypes.has(contentType)
      ? `pickle is never read, as reading it would run code that the sender chose: send one of ${types}`
      : `content type must be one of ${types}, got ${JSON.stringify(contentType.slice(0, 64))}`,
  );
}

function acceptedSerializer(contentType: string | undefined, accepted: ReadonlySet<string>): Serializer {
  if (contentType === undefined || !accepted.has(contentType))
    return refuseContentType(contentType, accepted);
  return serializerByType.get(contentType) ?? refuseContentType(contentType, accepted);
}

/**
 * The value in the body of a message: content type checked, decompressed, decoded. The content encoding is not looked
 * at, as JSON and YAML are always UTF-8 and msgpack has none.
 *
 * [CONTENT-READ] Source: kombu 5.6.2, kombu/serialization.py `SerializerRegistry.loads`, kombu/message.py; vectors
 * `worker-rpc: bad_content_type_*`, `text_plain_content_type`, `no_content_type`.
 *
 * @param size told how much memory the value takes, when its bytes are more than `measuredFrom`
 * @throws ContentDisallowedError when the content type is missing or not accepted
 * @throws DecodeError when the body cannot be decompressed or decoded, or has too many values
 */
export function readContent(
  message: IncomingMessage,
  options: ReadContentOptions,
  floats: 'number' | 'keep',
  size?: ContentSize,
  measuredFrom = smallBody,
): unknown {
  const serializer = acceptedSerializer(message.properties.contentType, acceptedTypes(options.acceptContent));
  const maxBytes = options.maxBodyBytes ?? defaultMaxBodyBytes;
  const maxValues = options.maxBodyValues ?? defaultMaxBodyValues;
  const bytes = decompressBody(message.body, message.headers['compression'], maxBytes);
  // no body has more values than bytes
  if (bytes.length <= measuredFrom && bytes.length <= maxValues) return serializer.deserialize(bytes, floats);
  const count = new ValueCount(maxValues);
  const value = serializer.deserialize(bytes, floats, count);
  if (size !== undefined) size.decodedBytes = count.bytesWith(bytes.length);
  return value;
}

/** Told what a body that was read takes in memory, about, in bytes. */
export interface ContentSize {
  decodedBytes: number;
}

/** True when the body of a message can be seen to be an array, if it is anything, without reading it. */
export function isArrayBody({ properties, headers, body }: IncomingMessage): boolean {
  if ((headers['compression'] ?? '') !== '') return false;
  return serializerByType.get(properties.contentType ?? '')?.beginsAsArray(body) ?? false;
}
