import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';

/**
 * An operand as a caller may give it: whatever Python's `float()` can take. Integers stay integers on the wire and
 * fractions floats; a string that is no number passes here and fails on the worker, with Python's `ValueError`.
 */
const Operand = Type.Union([Type.Integer(), Type.Number(), Type.String(), Type.Boolean()], {
  description: "A number, or anything that Python's float() makes one of: a numeric string, true, false",
});

/** The one argument of every calculator task. Other keys are allowed and ignored. */
export const Payload = Type.Object(
  { num_1: Operand, num_2: Operand },
  { description: 'The two operands', examples: [{ num_1: 7, num_2: 2 }] },
);

/** The one argument of every calculator task, typed. */
export type Payload = Static<typeof Payload>;
