/** What a task's message asks to be called when the task has ended, and whom its failure concerns. */
import { applySignature, type SignatureCall, type SignatureContext } from './apply-signature.ts';
import type { ResultTuple } from './result-tuple.ts';
import { kindOf, tasksOf } from './signature-kind.ts';
import { textOption } from './signature-options.ts';
import { isSignature, type Signature, type TaskEmbed } from './signature.ts';

/** The calls that follow a success. */
export interface FollowUpCalls {
  readonly calls: readonly SignatureCall[];
  /** The task's `children`. */
  readonly children: readonly ResultTuple[];
}

/** A later step of a chain, which will not run because a step before it failed. */
export interface FailedStep {
  readonly taskId: string;
  readonly replyTo: string | undefined;
  readonly groupId: string | undefined;
  readonly parentId: string | undefined;
}

function groupOf(tasks: readonly Signature[]): Signature {
  return { task: 'celery.group', args: [], kwargs: { tasks }, options: {}, subtask_type: 'group' };
}

/**
 * The calls after a success: the callbacks, then the next step of the chain, which takes the remaining steps along; each
 * with the result as first argument, unless it is immutable. One callback is called as it is; of several the groups are
 * called one by one, and all others together as a new group.
 *
 * [CANVAS-SUCCESS] Source: Celery 5.7.0, celery/app/trace.py `_dispatch_callbacks_and_chain`; recorded worker-rpc:
 * `chain_exec`, `chain_to_group`, `link_exec`, `link_two_exec`.
 *
 * @param result as it goes into a message: floats marked as such
 * @throws InvalidTaskError | PythonError as {@link applySignature}
 */
export function callsOnSuccess(
  { callbacks, chain }: TaskEmbed,
  result: unknown,
  context: SignatureContext,
): FollowUpCalls {
  const args = [result];
  const applied = callbackGroups(callbacks ?? []).map((signature, index) =>
    applySignature(signature, { args, position: `callbacks.${index}` }, context),
  );
  const next = chain?.at(-1);
  if (next !== undefined)
    applied.push(applySignature(next, { args, position: 'chain', chain: chain?.slice(0, -1) }, context));
  return {
    calls: applied.flatMap(({ calls }) => calls),
    children: applied.map(({ child }) => child).filter((child) => child !== undefined),
  };
}

function callbackGroups(callbacks: readonly Signature[]): readonly Signature[] {
  if (callbacks.length < 2) return callbacks;
  const groups = callbacks.filter((callback) => kindOf(callback) === 'group');
  const others = callbacks.filter((callback) => kindOf(callback) !== 'group');
  return others.length === 0 ? groups : [...groups, groupOf(others)];
}

/**
 * The calls after a failure: all errbacks as one new group, each with the id of the failed task as first argument.
 * Celery calls an errback that takes request, error and traceback in its own process instead; no task here is such a one.
 *
 * [CANVAS-ERRBACKS] Source: Celery 5.7.0, celery/backends/base.py `_call_task_errbacks`; recorded worker-rpc:
 * `link_error_old_style`, `link_error_unregistered`.
 *
 * @throws InvalidTaskError | PythonError as {@link applySignature}
 */
export function callsOnFailure({ errbacks }: TaskEmbed, context: SignatureContext): readonly SignatureCall[] {
  if (errbacks === null || errbacks.length === 0) return [];
  return applySignature(groupOf(errbacks), { args: [context.parentId], position: 'errbacks' }, context).calls;
}

/**
 * The later steps of a failed task's chain, whose callers are to be told the same failure: every step with an id, and
 * the body of a chord. Where Celery leaves the members of a group without an answer, they are in the list as well.
 *
 * [CANVAS-FAIL-CHAIN] Source: Celery 5.7.0, celery/backends/base.py `_fail_chain`; recorded worker-rpc: `chain_exec_fail`.
 *
 * @throws InvalidTaskError when an id or a reply queue is no text
 */
export function stepsFailedWith({ chain }: TaskEmbed): readonly FailedStep[] {
  return (chain ?? []).flatMap(failedStep);
}

function failedStep(signature: Signature): readonly FailedStep[] {
  const options = signature.options ?? {};
  const taskId = textOption(options, 'task_id');
  const own: FailedStep[] =
    taskId === undefined
      ? []
      : [
          {
            taskId,
            replyTo: textOption(options, 'reply_to'),
            groupId: textOption(options, 'group_id'),
            parentId: textOption(options, 'parent_id'),
          },
        ];
  return [...own, ...partsOf(signature).flatMap(failedStep)];
}

function partsOf(signature: Signature): readonly Signature[] {
  switch (kindOf(signature)) {
    case 'group':
    case 'chain':
      return tasksOf(signature);
    case 'chord': {
      const body = signature.kwargs?.['body'];
      return isSignature(body) ? [body] : [];
    }
    default:
      return [];
  }
}
