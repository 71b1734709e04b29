import { isUtf8 } from 'node:buffer';
import { exactDecimal } from './decimal-text.ts';
import { pythonIsoformat } from './isoformat.ts';
import { EncodeError } from './protocol-error.ts';
import { PythonFloat } from './python-float.ts';
import { PythonScalar } from './python-scalar.ts';
import type { PythonScalarKind } from './python-scalar.ts';
import { isMapping, pythonTypeName } from './python-type-name.ts';
import { writeJsonString } from './json-string.ts';
import { stripEnd } from './strip-characters.ts';

/*
 * envelope = {"__type__": type, "__value__": value}, no other keys
 * type     = "datetime" | "date" | "time" | "decimal" | "uuid" | "bytes" | "base64"
 * value    = text, but {"hex": digits} for a uuid
 */

/** Which form typed values take: kombu 5.3 and newer read envelopes, Celery 5.2 knows plain texts alone. */
export type TypedValueForm = 'envelope' | 'plain';

function envelope(type: string, valueJson: string): string {
  return `{"__type__": "${type}", "__value__": ${valueJson}}`;
}

function plainScalar({ kind, text }: PythonScalar): string {
  if (kind === 'date') return `"${text}T00:00:00"`;
  return `"${kind === 'datetime' ? text.replace(/\+00:00$/, 'Z') : text}"`;
}

function writeScalar(scalar: PythonScalar, form: TypedValueForm): string {
  if (form === 'plain') return plainScalar(scalar);
  if (scalar.kind === 'uuid') return envelope('uuid', `{"hex": "${scalar.text.replaceAll('-', '')}"}`);
  return envelope(scalar.kind, `"${scalar.text}"`);
}

function writeBytes(bytes: Uint8Array, form: TypedValueForm): string {
  if (form === 'plain')
    throw new EncodeError('bytes cannot be written as plain JSON: Celery 5.2 has no form for them');
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer)
    ? envelope('bytes', writeJsonString(buffer.toString()))
    : envelope('base64', `"${buffer.toString('base64')}"`);
}

/**
 * The JSON of a value that has a type of its own in Python; undefined for a value that has none.
 *
 * [JSON-TYPED] Source: kombu 5.6.2, kombu/utils/json.py `JSONEncoder`; plain form kombu 5.2.4, same file; vectors
 * `pure-functions: typed_to_json`, `task-messages: typed_json_*`.
 */
export function writeTypedValue(value: object, form: TypedValueForm): string | undefined {
  if (value instanceof PythonScalar) return writeScalar(value, form);
  if (value instanceof Date) return writeScalar(new PythonScalar('datetime', pythonIsoformat(value)), form);
  if (value instanceof Uint8Array) return writeBytes(value, form);
  return undefined;
}

/** Why a value cannot be what its envelope says; the reader turns it into an error that names the place. */
export class BadEnvelope extends Error {}

function textOf(type: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new BadEnvelope(`__value__ of type ${type} must be a string, got ${pythonTypeName(value)}`);
}

function decodeDecimal(value: unknown): PythonScalar {
  if (value instanceof PythonFloat) return new PythonScalar('decimal', exactDecimal(value.value));
  if (typeof value === 'number') return new PythonScalar('decimal', exactDecimal(value));
  if (typeof value === 'bigint' || typeof value === 'boolean')
    return new PythonScalar('decimal', BigInt(value).toString());
  return new PythonScalar('decimal', textOf('decimal', value));
}

/** `UUID(**value)`, of whose keywords `hex` and `int` can come in JSON. */
function decodeUuid(value: unknown): PythonScalar {
  const keys = isMapping(value) ? Object.keys(value) : [];
  if (!isMapping(value) || keys.length !== 1)
    throw new BadEnvelope('__value__ of type uuid must be {"hex": "…"}');
  if (keys[0] === 'hex') return new PythonScalar('uuid', textOf('uuid', value['hex']));
  const { int } = value;
  if ((typeof int === 'bigint' || Number.isSafeInteger(int)) && BigInt(int as bigint | number) >= 0n) {
    return new PythonScalar(
      'uuid',
      BigInt(int as bigint | number)
        .toString(16)
        .padStart(32, '0'),
    );
  }
  throw new BadEnvelope('__value__ of type uuid must be {"hex": "…"}');
}

function decodeBytes(value: unknown): Buffer {
  const text = textOf('bytes', value);
  if (/\p{Surrogate}/u.test(text))
    throw new BadEnvelope('__value__ of type bytes has a lone surrogate, which UTF-8 cannot have');
  return Buffer.from(text);
}

function decodeBase64(value: unknown): Buffer {
  const digits = textOf('base64', value).replace(/[^A-Za-z0-9+/=]/g, '');
  const data = stripEnd(digits, '=');
  const padding = digits.length - data.length;
  if (data.includes('=') || data.length % 4 === 1 || padding < (4 - (data.length % 4)) % 4) {
    throw new BadEnvelope('__value__ of type base64 is wrongly padded');
  }
  return Buffer.from(data, 'base64');
}

function decodeScalar(kind: PythonScalarKind): (value: unknown) => PythonScalar {
  return (value) => new PythonScalar(kind, textOf(kind, value));
}

const decoders = new Map<unknown, (value: unknown) => unknown>([
  ['datetime', decodeScalar('datetime')],
  ['date', decodeScalar('date')],
  ['time', decodeScalar('time')],
  ['decimal', decodeDecimal],
  ['uuid', decodeUuid],
  ['bytes', decodeBytes],
  ['base64', decodeBase64],
]);

/**
 * What an object with exactly the keys `__type__` and `__value__` stands for. User data of that shape is converted too,
 * as Python converts it.
 *
 * [JSON-TYPED-READ] Source: kombu 5.6.2, kombu/utils/json.py `object_hook`; vectors `pure-functions: json_decode`.
 *
 * @throws BadEnvelope for an unknown type, or a value that Python could not convert
 */
export function decodeEnvelope(type: unknown, value: unknown): unknown {
  const decode = decoders.get(type);
  if (decode === undefined) throw new BadEnvelope('__type__ names no known type');
  try {
    return decode(value);
  } catch (error) {
    throw error instanceof EncodeError ? new BadEnvelope(error.message, { cause: error }) : error;
  }
}
