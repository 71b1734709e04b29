import { describeErrors, maxProblems, pointerStep } from './argument-problem.ts';
import type { ArgumentProblem } from './argument-problem.ts';
import { tooManyPositional } from './bind-arguments.ts';
import { parameterChecksOf } from './parameter-checks.ts';
import type { AnyTaskDeclaration, TaskDeclaration } from './task-declaration.ts';

/**
 * Checks the arguments of a call against the task's contract before it is published: number, names, values. Marked
 * floats, bigints and typed scalars are judged as the JSON that they are on the wire; nothing is converted.
 *
 * @returns the problems, 20 at most, with their texts cut; empty when the call is good. A plain task takes any arguments
 * @throws ImproperlyConfiguredError when a schema of the task is no JSON Schema
 */
export function checkArguments(
  declaration: AnyTaskDeclaration,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>> = {},
): ArgumentProblem[] {
  if (declaration.kind === 'plain') return [];
  const problems = positionalProblems(declaration, args);
  return [...problems, ...keywordProblems(declaration, args, kwargs)].slice(0, maxProblems);
}

function positionalProblems(declaration: TaskDeclaration, args: readonly unknown[]): ArgumentProblem[] {
  const { parameterList: list } = declaration;
  const checks = parameterChecksOf(declaration);
  const problems = checks
    .slice(0, args.length)
    .flatMap((check, at) => argumentProblems(`/args/${at}`, check.onTheWire(args[at])));
  const most = list.parameters.length;
  if (args.length > most)
    problems.push({ path: `/args/${most}`, message: tooManyPositional(list, args.length) });
  return problems;
}

function keywordProblems(
  declaration: TaskDeclaration,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): ArgumentProblem[] {
  const { parameters, positions } = declaration.parameterList;
  const checks = parameterChecksOf(declaration);
  const problems: ArgumentProblem[] = [];
  for (const [name, value] of Object.entries(kwargs)) {
    if (problems.length >= maxProblems) break;
    const path = `/kwargs${pointerStep(name)}`;
    const position = positions.get(name);
    if (position === undefined) {
      problems.push({
        path,
        message: `is not a parameter; there ${known(parameters.map((one) => one.name))}`,
      });
    } else if (position < args.length) {
      problems.push({ path, message: `is given already, as /args/${position}` });
    } else {
      problems.push(...argumentProblems(path, checks[position]?.onTheWire(value) ?? []));
    }
  }
  for (const [position, { name, isOptional }] of parameters.entries()) {
    if (isOptional || position < args.length || Object.hasOwn(kwargs, name)) continue;
    problems.push({ path: `/args/${position}`, message: `is required: parameter '${name}'` });
  }
  return problems;
}

function argumentProblems(path: string, errors: Parameters<typeof describeErrors>[1]): ArgumentProblem[] {
  return describeErrors(path, errors).map((problem) => ({ path: problem.path, message: problem.message }));
}

function known(names: readonly string[]): string {
  if (names.length === 0) return 'are none';
  return `${names.length === 1 ? 'is' : 'are'} ${names.map((name) => `'${name}'`).join(', ')}`;
}
