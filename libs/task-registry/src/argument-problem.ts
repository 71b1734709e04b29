import { cutText } from '@celeriac/primitives';
import type { ErrorObject } from 'ajv';

import { describeValue, inWords, isMismatch } from './expectation.ts';

/** One thing wrong with the arguments of a call. */
export interface ArgumentProblem {
  /** JSON pointer into the call, as in `/args/0/num_1` or `/kwargs/payload`. */
  readonly path: string;
  /** What is wrong, to be read after the path: `is required`, `must be a number, got null`. */
  readonly message: string;
}

/** A problem inside one value, and whether Python would call it a `TypeError` rather than a `ValueError`. */
export interface ValueProblem extends ArgumentProblem {
  readonly isTypeMismatch: boolean;
}

/** More problems than these help nobody; the number is bounded because a hostile value can have as many as it has bytes. */
export const maxProblems = 20;

/** More errors than these are not looked at: they give more problems than are told. */
const maxErrors = 1000;

const maxNameCharacters = 100;
const maxPathCharacters = 300;
const maxMessageCharacters = 500;

/** Writes a name as one step of a JSON pointer (RFC 6901); one from outside may be as long as its message, and is cut. */
export function pointerStep(name: string): string {
  return `/${cutText(name, maxNameCharacters).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Turns ajv's errors about a value into problems under `path`: a union becomes one problem, not one for each member. */
export function describeErrors(path: string, errors: readonly ErrorObject[]): ValueProblem[] {
  const first = errors.slice(0, maxErrors);
  const unions = first.filter(isUnion);
  const outermost = first.filter((error) => !unions.some((union) => isInside(union, error)));
  const problems = new Map<string, ValueProblem>();
  for (const error of outermost) {
    const found = isUnion(error) ? describeUnion(path, error, first) : [describeError(path, error)];
    for (const problem of found.map(cutProblem)) problems.set(`${problem.path} ${problem.message}`, problem);
    if (problems.size >= maxProblems) break;
  }
  return [...problems.values()].slice(0, maxProblems);
}

function cutProblem({ path, message, isTypeMismatch }: ValueProblem): ValueProblem {
  return {
    path: cutText(path, maxPathCharacters),
    message: cutText(message, maxMessageCharacters),
    isTypeMismatch,
  };
}

function isUnion({ keyword }: ErrorObject): boolean {
  return keyword === 'anyOf' || keyword === 'oneOf';
}

function isInside(union: ErrorObject, error: ErrorObject): boolean {
  return (
    error.schemaPath.startsWith(`${union.schemaPath}/`) && error.instancePath.startsWith(union.instancePath)
  );
}

function describeError(path: string, error: ErrorObject): ValueProblem {
  const at = path + error.instancePath;
  const params = error.params as Readonly<Record<string, unknown>>;
  if (isMismatch(error)) {
    const message = `must be ${inWords([error])}, got ${describeValue(error.data)}`;
    return { path: at, message, isTypeMismatch: error.keyword === 'type' };
  }
  switch (error.keyword) {
    case 'required':
      return valueProblem(at + pointerStep(String(params['missingProperty'])), 'is required');
    case 'additionalProperties':
      return valueProblem(at + pointerStep(String(params['additionalProperty'])), 'is not a known property');
    default:
      return valueProblem(
        at,
        `${error.message ?? `breaks the rule ${error.keyword}`}, got ${describeValue(error.data)}`,
      );
  }
}

/**
 * What no member of a union takes. Where the value is of one member's type, that member's errors are the problem; where
 * it is of none, the problem is that it is none of them.
 */
function describeUnion(path: string, union: ErrorObject, errors: readonly ErrorObject[]): ValueProblem[] {
  const members = membersOf(union, errors);
  const isOfOtherType = (error: ErrorObject): boolean =>
    isMismatch(error) && error.instancePath === union.instancePath;
  const nearest = members.filter((member) => !member.some(isOfOtherType));
  const [first, second] = nearest;
  if (first !== undefined && second === undefined) return describeErrors(path, first);

  const at = path + union.instancePath;
  const got = describeValue(union.data);
  if (first !== undefined)
    return [valueProblem(at, `must match one of the forms of the contract, got ${got}`)];
  const mismatches = members.flatMap((member) => member.filter(isOfOtherType).slice(-1));
  const isTypeMismatch = mismatches.every(({ keyword }) => keyword === 'type');
  return [{ path: at, message: `must be ${inWords(mismatches)}, got ${got}`, isTypeMismatch }];
}

/** The errors inside a union, grouped by its members: `#/anyOf/1/type` belongs to member 1. */
function membersOf(union: ErrorObject, errors: readonly ErrorObject[]): ErrorObject[][] {
  const members = new Map<string | undefined, ErrorObject[]>();
  for (const error of errors) {
    if (!isInside(union, error)) continue;
    const [index] = error.schemaPath.slice(union.schemaPath.length + 1).split('/', 1);
    members.set(index, [...(members.get(index) ?? []), error]);
  }
  return [...members.values()];
}

function valueProblem(path: string, message: string): ValueProblem {
  return { path, message, isTypeMismatch: false };
}
