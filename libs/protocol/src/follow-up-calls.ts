/** What a task's message asks to be called when the task has ended, and whom its failure concerns. */
import {
  applySignature,
  type Application,
  type SignatureCalls,
  type SignatureContext,
} from './apply-signature.ts';
import { assertStepsWithin, assertWithin, type FollowUpLimits } from './follow-up-limits.ts';
import { jsonSize } from './json-size.ts';
import type { ResultTuple } from './result-tuple.ts';
import { signatureExtent, sumOfExtents, type SignatureExtent } from './signature-extent.ts';
import { kindOf, tasksOf } from './signature-kind.ts';
import { textOption } from './signature-options.ts';
import { isSignature, type Signature, type TaskEmbed } from './signature.ts';

/** The calls that follow a task. */
export interface FollowUpCalls {
  readonly extent: SignatureExtent;
  /** Makes the calls one by one, and gives the task's `children` in the end. Each time they are the same, ids included. */
  readonly made: () => SignatureCalls<readonly ResultTuple[]>;
}

/** A signature, and how it is applied. */
type FollowUp = readonly [Signature, Application];

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
 * @throws PythonError `ValueError` when they are more than the limits allow. The calls, while they are made:
 * InvalidTaskError | PythonError as {@link applySignature}
 */
export function callsOnSuccess(
  { callbacks, chain }: TaskEmbed,
  result: unknown,
  context: SignatureContext,
  limits: FollowUpLimits,
): FollowUpCalls {
  const args = [result];
  const followUps = callbackGroups(callbacks ?? []).map((signature, index): FollowUp => {
    return [signature, { args, position: `callbacks.${index}` }];
  });
  const next = chain?.at(-1);
  if (next !== undefined) followUps.push([next, { args, position: 'chain', chain: chain?.slice(0, -1) }]);
  return callsOf(followUps, context, limits);
}

function callsOf(
  followUps: readonly FollowUp[],
  context: SignatureContext,
  limits: FollowUpLimits,
): FollowUpCalls {
  const extent = extentOf(followUps, limits);
  assertWithin(extent, limits);
  return { extent, made: () => madeCalls(followUps, context) };
}

function extentOf(followUps: readonly FollowUp[], limits: FollowUpLimits): SignatureExtent {
  const [first] = followUps;
  // arguments count where they are repeated: a single call has a single message
  const isRepeated = first !== undefined && (followUps.length > 1 || kindOf(first[0]) !== 'task');
  const argsBytes = isRepeated ? jsonSize(first[1].args) : 0;
  return sumOfExtents(
    followUps.map(([signature, { chain }]) => signatureExtent(signature, { argsBytes, chain, limits })),
  );
}

function* madeCalls(
  followUps: readonly FollowUp[],
  context: SignatureContext,
): SignatureCalls<readonly ResultTuple[]> {
  const children: ResultTuple[] = [];
  for (const [signature, application] of followUps) {
    const { child } = yield* applySignature(signature, application, context);
    if (child !== undefined) children.push(child);
  }
  return children;
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
 * @throws PythonError `ValueError` when they are more than the limits allow. The calls, while they are made:
 * InvalidTaskError | PythonError as {@link applySignature}
 */
export function callsOnFailure(
  { errbacks }: TaskEmbed,
  context: SignatureContext,
  limits: FollowUpLimits,
): FollowUpCalls {
  const followUps: FollowUp[] = [];
  if (errbacks !== null && errbacks.length > 0)
    followUps.push([groupOf(errbacks), { args: [context.parentId], position: 'errbacks' }]);
  return callsOf(followUps, context, limits);
}

/**
 * The later steps of a failed task's chain, whose callers are to be told the same failure: every step with an id, and
 * the body of a chord. Where Celery leaves the members of a group without an answer, they are in the list as well.
 *
 * [CANVAS-FAIL-CHAIN] Source: Celery 5.7.0, celery/backends/base.py `_fail_chain`; recorded worker-rpc: `chain_exec_fail`.
 *
 * @throws InvalidTaskError when an id or a reply queue is no text
 * @throws PythonError `ValueError` when they are more than the limits allow
 */
export function stepsFailedWith({ chain }: TaskEmbed, limits: FollowUpLimits): readonly FailedStep[] {
  const steps: FailedStep[] = [];
  for (const step of chain ?? []) addFailedSteps(steps, step);
  assertStepsWithin(steps.length, limits);
  return steps;
}

function addFailedSteps(steps: FailedStep[], signature: Signature): void {
  const options = signature.options ?? {};
  const taskId = textOption(options, 'task_id');
  if (taskId !== undefined)
    steps.push({
      taskId,
      replyTo: textOption(options, 'reply_to'),
      groupId: textOption(options, 'group_id'),
      parentId: textOption(options, 'parent_id'),
    });
  for (const part of partsOf(signature)) addFailedSteps(steps, part);
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
