import { isUtf8 } from 'node:buffer';
import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { decompressBody } from './compression.ts';
import type { IncomingMessage } from './message.ts';
import { parseJson } from './parse-json.ts';
import { ContentDisallowedError, DecodeError } from './protocol-error.ts';

/** What a message is read with. */
export interface ReadContentOptions {
  /** Names or MIME types of the content that is read. Default `['json']`. */
  readonly acceptContent?: readonly string[] | undefined;
  /** Largest body, before and after decompression, in bytes. Default 64 MiB. */
  readonly maxBodyBytes?: number | undefined;
}

const defaultMaxBodyBytes = 64 * 1024 * 1024;
const jsonType = 'application/json';
const pickleType = 'application/x-python-serialize';
const defaultAccepted: ReadonlySet<string> = new Set([jsonType]);

/**
 * The MIME types that a setting `accept_content` stands for.
 *
 * [CONTENT-ACCEPT] Source: kombu 5.6.2, kombu/serialization.py `prepare_accept_content`.
 *
 * @throws ImproperlyConfiguredError for pickle, whose reading runs code of the sender's choice, and for a serializer
 * that is not supported
 */
export function resolveAcceptContent(acceptContent: readonly string[]): ReadonlySet<string> {
  const types = new Set<string>();
  for (const name of acceptContent) {
    if (name === 'json' || name === jsonType) types.add(jsonType);
    else if (name === 'pickle' || name === pickleType) {
      throw new ImproperlyConfiguredError(
        'accept_content must not hold pickle: reading it would run code that the sender chose',
      );
    } else
      throw new ImproperlyConfiguredError(
        `accept_content must hold supported serializers (json), got "${name}"`,
      );
  }
  return types;
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

function checkContentType(contentType: string | undefined, accepted: ReadonlySet<string>): void {
  if (contentType !== undefined && accepted.has(contentType)) return;
  if (contentType === undefined || contentType === '') {
    throw new ContentDisallowedError(
      'content-type-missing',
      'the message has no content type: set content_type to application/json',
    );
  }
  const types = Array.from(accepted).join(', ');
  throw new ContentDisallowedError(
    'content-type-refused',
    contentType === pickleType || contentType === 'application/x-pickle'
      ? 'pickle is never read, as reading it would run code that the sender chose: send json'
      : `content type must be one of ${types}, got ${JSON.stringify(contentType.slice(0, 64))}`,
  );
}

function toText(body: Buffer): string {
  if (!isUtf8(body)) throw new DecodeError('the body is no valid UTF-8');
  return body.toString();
}

/**
 * The value in the body of a message: content type checked, decompressed, decoded. The content encoding is not looked
 * at, as JSON is always UTF-8.
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
  checkContentType(message.properties.contentType, acceptedTypes(options.acceptContent));
  const maxBytes = options.maxBodyBytes ?? defaultMaxBodyBytes;
  const body = decompressBody(message.body, message.headers['compression'], maxBytes);
  return parseJson(toText(body), { floats });
}
