import { ImproperlyConfiguredError } from '@celeriac/primitives';
import type { TSchema } from '@sinclair/typebox';
import { Ajv } from 'ajv';
import type { ErrorObject, ValidateFunction } from 'ajv';

import { plainView } from './plain-view.ts';

/** Finds what is wrong with a value; each gives an empty list when nothing is. */
export interface ValueCheck {
  /**
   * Judges the value as the JSON that it is on the wire: marked floats, bigints and typed scalars count as numbers and
   * strings. Gives every error of a value that is not large, and the first one of a large value.
   */
  onTheWire(value: unknown): readonly ErrorObject[];
  /** Judges the value that a function is about to get: a bigint is no `number`, whatever the wire calls it. Gives one error. */
  asItIs(value: unknown): readonly ErrorObject[];
}

/**
 * Compiles a schema into a check.
 *
 * NaN and infinities are numbers, as they are floats in Python, and no integers.
 *
 * @param owner whose schema it is, for the message of an error
 * @throws ImproperlyConfiguredError when the schema is no JSON Schema that ajv can compile
 */
export function createValueCheck(schema: TSchema, owner: string): ValueCheck {
  const first = compile(schema, owner, false);
  let all: ValidateFunction | undefined;
  return {
    onTheWire(value) {
      // most values are plain and good: one look suffices
      if (first(value)) return [];
      const view = plainView(value);
      if (isLarge(view)) return first(view) ? [] : (first.errors ?? []);
      all ??= compile(schema, owner, true);
      return all(view) ? [] : (all.errors ?? []);
    },
    asItIs(value) {
      return first(value) ? [] : (first.errors ?? []);
    },
  };
}

/** Each value may have several errors, and each error takes far more memory than the value. */
const maxValues = 2000;

/** Whether a value has more values in it than are worth all their errors; looks at no more than that. */
function isLarge(value: unknown): boolean {
  const open: unknown[] = [value];
  for (const one of open) {
    if (typeof one !== 'object' || one === null) continue;
    const members: readonly unknown[] = Array.isArray(one) ? one : Object.values(one);
    if (open.length + members.length > maxValues) return true;
    open.push(...members);
  }
  return false;
}

function compile(schema: TSchema, owner: string, allErrors: boolean): ValidateFunction {
  const ajv = new Ajv({
    allErrors,
    verbose: true,
    strictNumbers: false,
    strictTypes: false,
    strictTuples: false,
    allowUnionTypes: true,
    logger: false,
  });
  try {
    return ajv.compile(withFiniteIntegers(schema));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ImproperlyConfiguredError(
      `The schema of ${owner} cannot be used: ${reason}. ` +
        'It must be JSON Schema without formats (take a pattern); for a value that JSON lacks, take Type.Unsafe',
      { cause: error },
    );
  }
}

/** A plain copy of the schema in which integers are bounded by the doubles: without strictNumbers, ajv takes Infinity for one. */
function withFiniteIntegers(schema: TSchema): Record<string, unknown> {
  const text = JSON.stringify(schema, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && 'type' in part && part.type === 'integer'
      ? { minimum: -Number.MAX_VALUE, maximum: Number.MAX_VALUE, ...part }
      : part,
  );
  return JSON.parse(text) as Record<string, unknown>;
}
