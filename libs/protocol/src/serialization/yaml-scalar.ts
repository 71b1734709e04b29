import { EncodeError } from '../protocol-error.ts';
import { PythonFloat } from '../python-float.ts';
import { PythonScalar } from '../python-scalar.ts';
import { stripEnd } from '../strip-characters.ts';
import { maxIntDigits } from './content-limits.ts';

/** The types that a scalar of YAML can have, by the names of their tags. */
export type YamlScalarType = 'null' | 'bool' | 'int' | 'float' | 'timestamp' | 'binary' | 'str';

/** A text cannot be what its tag or its form says. */
export class BadYamlScalar extends Error {}

const nullPattern = /^(?:~|null|Null|NULL|)$/;
const boolPattern = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const floatPattern =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const intPattern =
  /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const datePattern = /^(\d{4})-(\d\d)-(\d\d)$/;
const datetimePattern =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(?:(Z)|([-+])(\d\d?)(?::(\d\d))?))?$/;

const patterns: readonly (readonly [YamlScalarType, RegExp])[] = [
  ['bool', boolPattern],
  ['float', floatPattern],
  ['int', intPattern],
  ['null', nullPattern],
  ['timestamp', datePattern],
  ['timestamp', datetimePattern],
];

/**
 * The type of a plain scalar that has no tag, by YAML 1.1 as PyYAML knows it: `1e5` is a str, `1:30` is an int, `no` is a
 * bool.
 *
 * [YAML-RESOLVE] Source: PyYAML 6.0.3, yaml/resolver.py `Resolver`.
 */
export function yamlTypeOf(text: string): YamlScalarType {
  return patterns.find(([, pattern]) => pattern.test(text))?.[0] ?? 'str';
}

function fail(text: string, type: YamlScalarType): never {
  throw new BadYamlScalar(`${JSON.stringify(text.slice(0, 64))} is no ${type}`);
}

function toInt(text: string): number | bigint {
  const tidy = text.replaceAll('_', '');
  if (tidy.length > maxIntDigits) fail(text, 'int');
  const isNegative = tidy.startsWith('-');
  const digits = tidy.replace(/^[-+]/, '').replace(/^0(?=[0-7]+$)/, '0o');
  let magnitude: bigint;
  if (digits.includes(':')) {
    if (!/^\d+(?::\d+)+$/.test(digits)) fail(text, 'int');
    magnitude = digits.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n);
  } else {
    if (!/^(?:0b[01]+|0x[\da-f]+|0o[0-7]+|\d+)$/i.test(digits)) fail(text, 'int');
    magnitude = BigInt(digits);
  }
  const value = isNegative ? -magnitude : magnitude;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function toNumber(text: string): number {
  const tidy = text.replaceAll('_', '').toLowerCase();
  const sign = tidy.startsWith('-') ? -1 : 1;
  const digits = tidy.replace(/^[-+]/, '');
  if (digits === '.inf') return sign * Infinity;
  if (digits === '.nan') return NaN;
  const [, mantissa] = /^([\d.:]+)(?:e[-+]?\d+)?$/.exec(digits) ?? [];
  if (mantissa === undefined || !/\d/.test(mantissa)) fail(text, 'float');
  const parts = digits.split(':').map(Number);
  if (parts.some(Number.isNaN)) fail(text, 'float');
  return sign * parts.reduce((sum, part) => sum * 60 + part, 0);
}

function two(digits: string): string {
  return digits.padStart(2, '0');
}

function toScalar(text: string): PythonScalar {
  if (datePattern.test(text)) return new PythonScalar('date', text);
  const match = datetimePattern.exec(text);
  if (match === null) return fail(text, 'timestamp');
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction = ''] = match;
  const [zulu, sign, zoneHour = '', zoneMinute = '00'] = match.slice(8);
  const zone =
    sign === undefined ? (zulu === undefined ? '' : '+00:00') : `${sign}${two(zoneHour)}:${zoneMinute}`;
  const micros = fraction === '' ? '' : `.${fraction}`;
  return new PythonScalar(
    'datetime',
    `${year}-${two(month)}-${two(day)}T${two(hour)}:${minute}:${second}${micros}${zone}`,
  );
}

function toTimestamp(text: string): PythonScalar {
  try {
    return toScalar(text);
  } catch (error) {
    if (error instanceof EncodeError) return fail(text, 'timestamp');
    throw error;
  }
}

function toBytes(text: string): Buffer {
  const digits = text.replace(/[^A-Za-z0-9+/=]/g, '');
  if (stripEnd(digits, '=').includes('=') || digits.length % 4 !== 0) fail(text, 'binary');
  return Buffer.from(digits, 'base64');
}

/**
 * The value of a scalar, whose type its tag or its form says: timestamps as PythonScalar, binary as Buffer, ints and floats
 * as `parseJson` gives them.
 *
 * [YAML-SCALAR] Source: PyYAML 6.0.3, yaml/constructor.py `SafeConstructor`.
 *
 * @throws BadYamlScalar when the text is none of its type
 */
export function yamlScalar(text: string, type: YamlScalarType, keepFloats: boolean): unknown {
  switch (type) {
    case 'null':
      return null;
    case 'bool':
      return boolPattern.test(text) ? /^(?:y|t|on$)/i.test(text) : fail(text, 'bool');
    case 'int':
      return toInt(text);
    case 'float': {
      const n = toNumber(text);
      return keepFloats && Number.isInteger(n) ? new PythonFloat(n) : n;
    }
    case 'timestamp':
      return toTimestamp(text);
    case 'binary':
      return toBytes(text);
    case 'str':
      return text;
  }
}
