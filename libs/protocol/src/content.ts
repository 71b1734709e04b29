import { decompressBody } from './compression.ts';
import type { IncomingMessage } from './message.ts';
import { ContentDisallowedError } from './protocol-error.ts';
import type { Serializer } from './serializer.ts';
import { jsonSerializer, pickleTypes, resolveSerializer, serializerByType } from './serializer.ts';

/** What a message is read with. */
export interface ReadContentOptions {
  /** Names or MIME types of the content that is read: json, msgpack, yaml. Default `['json']`. */
  readonly acceptContent?: readonly string[] | undefined;
  /** Largest body, before and after decompression, in bytes; 256 KiB at most for YAML. Default 64 MiB. */
  readonly maxBodyBytes?: number | undefined;
}

const defaultMaxBodyBytes = 64 * 1024 * 1024;
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
 * @throws ContentDisallowedError when the content type is missing or not accepted
 * @throws DecodeError when the body cannot be decompressed or decoded
 */
export function readContent(
  message: IncomingMessage,
  options: ReadContentOptions,
  floats: 'number' | 'keep',
): unknown {
  const serializer = acceptedSerializer(message.properties.contentType, acceptedTypes(options.acceptContent));
  const maxBytes = options.maxBodyBytes ?? defaultMaxBodyBytes;
  return serializer.deserialize(
    decompressBody(message.body, message.headers['compression'], maxBytes),
    floats,
  );
}

/** True when the body of a message can be seen to be an array, if it is anything, without reading it. */
export function isArrayBody({ properties, headers, body }: IncomingMessage): boolean {
  if ((headers['compression'] ?? '') !== '') return false;
  return serializerByType.get(properties.contentType ?? '')?.beginsAsArray(body) ?? false;
}
