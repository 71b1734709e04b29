import type { ApplyOptions } from '@celeriac/client';
import { checkArguments } from '@celeriac/task-registry';
import type { HolderTask } from '@celeriac/task-registry';
import { Type } from '@sinclair/typebox';

import { callOptionsSchema } from './call-options-schema.ts';
import { readCallOptions } from './call-options.ts';
import { isMapping, pointerToken, shortJson } from './json-shape.ts';
import { maxErrors, problemOfFields } from './problem.ts';
import type { FieldProblem } from './problem.ts';

/** The body of `POST /tasks/:name`. */
export const callBodySchema = Type.Object(
  {
    args: Type.Optional(Type.Array(Type.Unknown(), { description: 'Positional arguments.' })),
    kwargs: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Keyword arguments.' })),
    options: Type.Optional(callOptionsSchema),
  },
  {
    additionalProperties: false,
    description:
      'The call. JSON is read as Python reads it: 7 is an int and 7.0 a float, integers of any size stay exact. ' +
      'The schemas of the arguments of each task are at GET /tasks.',
    examples: [
      { args: [{ num_1: 7, num_2: 2 }] },
      {
        kwargs: { payload: { num_1: '7', num_2: 2.5 } },
        options: { countdown: 1.5, priority: 5, expires: 60 },
      },
    ],
  },
);

/** A call that may be published as it is. */
export interface Call {
  readonly task: HolderTask;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly options: ApplyOptions;
}

/**
 * Reads a call of one of `tasks`, which differ in their queue alone; no body at all is a call without arguments.
 * Arguments and headers stay as they were read: `7.0` is published as `7.0`, `7` as `7`.
 *
 * @throws ProblemError `invalid-call` that lists everything wrong with the shape, or with arguments and options
 */
export function readCall(body: unknown, tasks: readonly [HolderTask, ...HolderTask[]], nowMs: number): Call {
  const { args = [], kwargs = {}, options = {} } = readShape(body === undefined ? {} : body);
  const queues = tasks.map(({ queue }) => queue);
  const read = readCallOptions(options, { nowMs, queues });
  const task = tasks.find(({ queue }) => queue === read.options.queue) ?? tasks[0];
  const argumentProblems = checkArguments(task.declaration, args, kwargs);
  const errors = [
    ...argumentProblems.map(({ path, message }): FieldProblem => ({ field: path, message })),
    ...read.problems,
  ];
  if (isNotEmpty(errors)) throw problemOfFields('invalid-call', errors);
  return { task, args, kwargs, options: { ...read.options, queue: task.queue } };
}

interface CallShape {
  readonly args?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
  readonly options?: Readonly<Record<string, unknown>>;
}

const memberRules: Readonly<Record<keyof CallShape, { accepts(value: unknown): boolean; mustBe: string }>> = {
  args: { accepts: Array.isArray, mustBe: 'must be an array' },
  kwargs: { accepts: isMapping, mustBe: 'must be an object' },
  options: { accepts: isMapping, mustBe: 'must be an object' },
};

function readShape(body: unknown): CallShape {
  const errors: FieldProblem[] = [];
  if (!isMapping(body)) {
    throw problemOfFields('invalid-call', [
      { field: '', message: `The body must be an object, got ${shortJson(body)}` },
    ]);
  }
  for (const [name, value] of Object.entries(body)) {
    if (errors.length > maxErrors) break;
    const field = `/${pointerToken(name)}`;
    if (!isMemberName(name)) {
      errors.push({ field, message: 'is not a member of a call; the members are args, kwargs and options' });
    } else if (!memberRules[name].accepts(value)) {
      errors.push({ field, message: `${memberRules[name].mustBe}, got ${shortJson(value)}` });
    }
  }
  if (isNotEmpty(errors)) throw problemOfFields('invalid-call', errors);
  return body;
}

function isMemberName(name: string): name is keyof CallShape {
  return Object.hasOwn(memberRules, name);
}

function isNotEmpty<T>(items: readonly T[]): items is readonly [T, ...T[]] {
  return items.length > 0;
}
