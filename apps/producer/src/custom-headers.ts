import { isStandardHeader, PythonFloat, PythonScalar } from '@celeriac/protocol';

import { isMapping, pointerToken, shortJson } from './json-shape.ts';
import type { FieldProblem } from './problem.ts';

/** Largest JSON text of all custom headers together; RabbitMQ and AMQP clients keep the header table in one frame. */
export const maxHeaderJsonBytes = 32 * 1024;

/** RabbitMQ delivers a copy to every queue that these name. */
const copyHeaders: ReadonlySet<string> = new Set(['CC', 'BCC']);

/** A custom header replaces the standard one of its name on the wire, and so would change which task runs and when. */
function isReserved(name: string): boolean {
  return isStandardHeader(name) || copyHeaders.has(name);
}

/** Everything about custom headers that AMQP cannot carry or a caller may not decide. */
export function headerComplaints(headers: Readonly<Record<string, unknown>>, field: string): FieldProblem[] {
  const bytes = Buffer.byteLength(JSON.stringify(headers, sizeOfBigints));
  if (bytes > maxHeaderJsonBytes) {
    const message = `must be at most ${maxHeaderJsonBytes} bytes of JSON, got ${bytes}; send large data as arguments`;
    return [{ field, message }];
  }
  const problems: FieldProblem[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const at = `${field}/${pointerToken(name)}`;
    if (isReserved(name)) {
      problems.push({
        field: at,
        message: 'is a standard header, which cannot be set here; choose another name',
      });
    }
    problems.push(...complaintsAbout(name, value, at));
  }
  return problems;
}

function* complaintsAbout(name: string, value: unknown, field: string): Generator<FieldProblem> {
  if (Buffer.byteLength(name) > 255) {
    yield { field, message: `must have a name of at most 255 bytes, got ${Buffer.byteLength(name)}` };
  }
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) !== value) {
    yield {
      field,
      message: `must fit the 64 bits of an AMQP integer, got ${shortJson(value)}; send it as a string`,
    };
  } else if (isNonFinite(value)) {
    yield { field, message: `cannot be ${Number(value)}, which no broker reads; send it as a string` };
  } else if (value instanceof PythonScalar) {
    yield { field, message: `cannot be a ${value.kind}, which no AMQP header carries; send it as a string` };
  } else if (Array.isArray(value)) {
    for (const [index, item] of (value as unknown[]).entries())
      yield* complaintsAbout('', item, `${field}/${index}`);
  } else if (isMapping(value)) {
    for (const [key, item] of Object.entries(value))
      yield* complaintsAbout(key, item, `${field}/${pointerToken(key)}`);
  }
}

function sizeOfBigints(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/** NaN and infinities, plain or as a marked Python float. */
function isNonFinite(value: unknown): boolean {
  const number: unknown = value instanceof PythonFloat ? value.value : value;
  return typeof number === 'number' && !Number.isFinite(number);
}
