/**
 * A chain is taken apart: chains among its steps are spliced in, a group of one is that one, empty groups are left out,
 * and every step gets the id under which it will run.
 *
 * The options of the chain that are not for its first step go where Celery puts them: `task_id`, `group_id`,
 * `group_index`, `chord` and `link` to the last step, `link_error` to every step.
 *
 * [CANVAS-CHAIN] Source: Celery 5.7.0, celery/canvas.py `_chain.run` and `prepare_steps`.
 */
import { groupResult, taskResult, type ResultTuple } from './result-tuple.ts';
import type { Signature } from './signature.ts';
import { kindOf, membersOf, tasksOf } from './signature-kind.ts';
import { textOption, type SignatureOptions } from './signature-options.ts';

export interface ExpandedChain {
  /** In the order in which they run. */
  readonly steps: readonly Signature[];
  /** The result of the last step, with those before it as parents; undefined when there are no steps. */
  readonly result: ResultTuple | undefined;
}

/**
 * @param options of the chain, with what was given over them
 * @param newId makes the id of a step that has none, from its place
 * @throws InvalidTaskError when the chain holds something that is no signature
 */
export function expandChain(
  chain: Signature,
  options: SignatureOptions,
  newId: (place: string) => string,
): ExpandedChain {
  const bare = stepsOf(chain);
  let result: ResultTuple | undefined;
  const steps = bare.map((step, index) => {
    const isLast = index === bare.length - 1;
    const place = String(index);
    const id = (isLast ? textOption(options, 'task_id') : undefined) ?? newId(place);
    const withLinks = extended(step, 'link_error', options['link_error']);
    const frozen = frozenStep(
      isLast ? extended(withGroup(withLinks, options), 'link', options['link']) : withLinks,
      id,
      (member) => newId(`${place}.${member}`),
    );
    result = resultOf(frozen, result ?? null);
    return frozen;
  });
  return { steps, result };
}

function stepsOf(chain: Signature): readonly Signature[] {
  const steps: Signature[] = [];
  addSteps(steps, chain);
  return steps;
}

/** Each step is moved once, however deep it is. */
function addSteps(steps: Signature[], chain: Signature): void {
  for (const step of tasksOf(chain)) addStep(steps, step);
}

function addStep(steps: Signature[], step: Signature): void {
  const kind = kindOf(step);
  if (kind === 'chain') {
    addSteps(steps, step);
    return;
  }
  if (kind === 'group') {
    const members = membersOf(step);
    const [only] = members;
    if (only === undefined) return;
    if (members.length === 1) {
      addStep(steps, only);
      return;
    }
  }
  steps.push(step);
}

function withOptions(step: Signature, options: SignatureOptions): Signature {
  return { ...step, options: { ...step.options, ...options } };
}

/** What makes a step part of a group or chord; a group id that is there stays. */
function withGroup(step: Signature, options: SignatureOptions): Signature {
  const { group_id: groupId, group_index: groupIndex, chord } = options;
  return withOptions(step, {
    ...(groupId !== undefined && !Object.hasOwn(step.options ?? {}, 'group_id') && { group_id: groupId }),
    ...(groupIndex !== undefined && { group_index: groupIndex }),
    ...(chord !== undefined && chord !== null && { chord }),
  });
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as readonly unknown[]) : [value];
}

function extended(step: Signature, option: 'link' | 'link_error', more: unknown): Signature {
  const added = listOf(more);
  if (added.length === 0) return step;
  return withOptions(step, { [option]: [...listOf(step.options?.[option]), ...added] });
}

/** With ids for the step and, in a group, for its members: results name them before they run. */
function frozenStep(step: Signature, id: string, memberId: (member: number) => string): Signature {
  const frozen = withOptions(step, { task_id: textOption(step.options ?? {}, 'task_id') ?? id });
  if (kindOf(step) !== 'group') return frozen;
  const { group_id: groupId, chord } = step.options ?? {};
  const tasks = membersOf(step).map((member, index) =>
    withOptions(withGroup(member, { group_id: groupId, group_index: index, chord }), {
      task_id: textOption(member.options ?? {}, 'task_id') ?? memberId(index),
    }),
  );
  return { ...frozen, kwargs: { ...frozen.kwargs, tasks } };
}

function resultOf(step: Signature, parent: ResultTuple | null): ResultTuple {
  const id = textOption(step.options ?? {}, 'task_id') ?? '';
  if (kindOf(step) !== 'group') return taskResult(id, parent);
  const members = tasksOf(step).map((member) => resultOf(member, null));
  return groupResult(id, members, parent);
}
