import { PythonError } from '@celeriac/protocol';

import { describeErrors } from './argument-problem.ts';
import { functionName } from './bind-arguments.ts';
import type { TaskDeclaration } from './task-declaration.ts';
import { createValueCheck } from './value-check.ts';
import type { ValueCheck } from './value-check.ts';

const checksByDeclaration = new WeakMap<TaskDeclaration, readonly ValueCheck[]>();

/**
 * The check of each parameter, compiled once for each declaration, when it is first asked for: a worker whose callers
 * check never pays for it.
 *
 * @throws ImproperlyConfiguredError when a schema is no JSON Schema
 */
export function parameterChecksOf(declaration: TaskDeclaration): readonly ValueCheck[] {
  const known = checksByDeclaration.get(declaration);
  if (known !== undefined) return known;
  const checks = declaration.parameterList.parameters.map(({ name, schema }) =>
    createValueCheck(schema, `parameter '${name}'`),
  );
  checksByDeclaration.set(declaration, checks);
  return checks;
}

/**
 * The worker's check of bound arguments. A left-out optional one (`undefined`) is not looked at.
 *
 * @throws PythonError `TypeError` when an argument has the wrong type, `ValueError` when its value is out of the contract
 */
export function assertArguments(
  taskName: string,
  declaration: TaskDeclaration,
  bound: readonly unknown[],
): void {
  const checks = parameterChecksOf(declaration);
  for (const [position, value] of bound.entries()) {
    if (value === undefined) continue;
    const errors = checks[position]?.asItIs(value) ?? [];
    if (errors.length === 0) continue;
    const name = declaration.parameterList.parameters[position]?.name ?? '';
    const [problem] = describeErrors(name, errors);
    const isTypeMismatch = problem?.isTypeMismatch ?? false;
    const text = `${functionName(taskName)} argument '${problem?.path ?? name}' ${problem?.message ?? 'breaks its contract'}`;
    throw new PythonError(isTypeMismatch ? 'TypeError' : 'ValueError', [text]);
  }
}
