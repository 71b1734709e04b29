import { defineHolder, defineTask } from '@celeriac/task-registry';
import type { TaskDeclaration } from '@celeriac/task-registry';
import { Type } from '@sinclair/typebox';
import type { TSchema } from '@sinclair/typebox';

import { Payload } from './payload.ts';

const parameters = [['payload', Payload]] as const;

/**
 * A task of the calculator. The caller checks the payload; the worker hands it to Python's rules as it came, so that a
 * caller that checks nothing gets the very failure that a Python worker gives.
 */
function calculatorTask<R extends TSchema>(
  description: string,
  result: R,
): TaskDeclaration<typeof parameters, R, 'caller'> {
  return defineTask({ parameters, result, description, argumentsCheckedBy: 'caller' });
}

/** Queue `addition`. */
export const additionTasks = defineHolder('addition', {
  add: calculatorTask('num_1 + num_2', Type.Number()),
  fakeadd: calculatorTask('Answers without adding', Type.Literal('add')),
});

/** Queue `subtraction`. */
export const subtractionTasks = defineHolder('subtraction', {
  subtract: calculatorTask('num_1 - num_2', Type.Number()),
  fakesubtract: calculatorTask('Answers without subtracting', Type.Literal('subtract')),
});

/** Queue `multiplication`. */
export const multiplicationTasks = defineHolder('multiplication', {
  multiply: calculatorTask('num_1 * num_2', Type.Number()),
  fakemultiply: calculatorTask('Answers without multiplying', Type.Literal('multiply')),
});

/** Queue `division`. Division by zero has the result `"ND"`, not defined. */
export const divisionTasks = defineHolder('division', {
  divide: calculatorTask(
    'num_1 / num_2, or "ND" when num_2 is zero',
    Type.Union([Type.Number(), Type.Literal('ND')]),
  ),
  fakedivide: calculatorTask('Answers without dividing', Type.Literal('divide')),
});

/** The whole calculator. */
export const calculatorHolders = [
  additionTasks,
  subtractionTasks,
  multiplicationTasks,
  divisionTasks,
] as const;
