import { isUtf8 } from 'node:buffer';
import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { parseJson } from './parse-json.ts';
import { DecodeError } from './protocol-error.ts';
import { parseMsgpack } from './serialization/parse-msgpack.ts';
import { parseYaml } from './serialization/parse-yaml.ts';
import type { ValueCount } from './value-count.ts';
import { writeMsgpack } from './serialization/write-msgpack.ts';
import { writeYaml } from './serialization/write-yaml.ts';
import type { WriteJsonOptions } from './write-json.ts';
import { writeJson } from './write-json.ts';

/** The serializers that are read and written, by kombu's names. Pickle is neither. */
export const serializerNames = ['json', 'msgpack', 'yaml'] as const;

export type SerializerName = (typeof serializerNames)[number];

/** How the values of a body become bytes and come back. */
export interface Serializer {
  readonly name: SerializerName;
  /** MIME type, property `content_type`. */
  readonly contentType: string;
  /** Property `content_encoding`. */
  readonly contentEncoding: 'utf-8' | 'binary';
  /** Options are for JSON; the others have one form alone. @throws EncodeError naming the value that has no form */
  serialize(value: unknown, options?: WriteJsonOptions): Buffer;
  /**
   * @param count counts the values, and limits them
   * @throws DecodeError
   */
  deserialize(body: Buffer, floats: 'number' | 'keep', count?: ValueCount): unknown;
  /** True only when the body, should it be readable, is an array; looks at its beginning alone. */
  beginsAsArray(body: Buffer): boolean;
}

function toText(body: Buffer): string {
  if (!isUtf8(body)) throw new DecodeError('the body is no valid UTF-8');
  return body.toString();
}

export const jsonSerializer: Serializer = {
  name: 'json',
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  // ASCII alone, which latin1 copies as it is
  serialize: (value, options) => Buffer.from(writeJson(value, options), 'latin1'),
  deserialize: (body, floats, count) => parseJson(toText(body), { floats, count }),
  beginsAsArray: (body) => body[0] === 0x5b,
};

const msgpackSerializer: Serializer = {
  name: 'msgpack',
  contentType: 'application/x-msgpack',
  contentEncoding: 'binary',
  serialize: writeMsgpack,
  deserialize: parseMsgpack,
  beginsAsArray: ([first = 0]) => (first & 0xf0) === 0x90 || first === 0xdc || first === 0xdd,
};

const yamlSerializer: Serializer = {
  name: 'yaml',
  contentType: 'application/x-yaml',
  contentEncoding: 'utf-8',
  serialize: writeYaml,
  deserialize: (body, floats, count) => parseYaml(toText(body), floats, count),
  // `[1]: value` is a mapping
  beginsAsArray: (body) => body[0] === 0x2d && body[1] === 0x20,
};

/** The serializers by MIME type. */
export const serializerByType: ReadonlyMap<string, Serializer> = new Map(
  [jsonSerializer, msgpackSerializer, yamlSerializer].map((serializer) => [
    serializer.contentType,
    serializer,
  ]),
);

const serializerByName: ReadonlyMap<string, Serializer> = new Map([
  ...serializerByType,
  ...[...serializerByType.values()].map((serializer) => [serializer.name, serializer] as const),
]);

export const pickleTypes: ReadonlySet<string> = new Set([
  'application/x-python-serialize',
  'application/x-pickle',
]);

/**
 * The serializer that a setting names, by kombu's name or by MIME type: `task_serializer`, `result_serializer`, an item of
 * `accept_content`, an option `serializer`.
 *
 * [SERIALIZER-NAMES] Source: kombu 5.7.0, kombu/serialization.py `register_json`, `register_msgpack`, `register_yaml`.
 *
 * @param setting what holds the name, for the error
 * @throws ImproperlyConfiguredError for pickle, whose reading runs code of the sender's choice, and for any other name
 */
export function resolveSerializer(name: string, setting = 'serializer'): Serializer {
  const serializer = serializerByName.get(name);
  if (serializer !== undefined) return serializer;
  if (name === 'pickle' || pickleTypes.has(name)) {
    throw new ImproperlyConfiguredError(
      `${setting} must not be pickle: reading it runs code that the sender chose. Use one of ${serializerNames.join(', ')}`,
    );
  }
  throw new ImproperlyConfiguredError(
    `${setting} must be one of ${serializerNames.join(', ')}, got ${JSON.stringify(name.slice(0, 64))}`,
  );
}
