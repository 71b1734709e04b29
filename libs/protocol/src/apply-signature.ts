/**
 * Signatures become calls.
 *
 * ```
 * signature = {"task", "args", "kwargs", "options", "subtask_type", "immutable"}
 * task      → one call: the given arguments, unless immutable, before its own
 * group     → every member, each with the given arguments, under one new group id and a group_index each
 * chain     → its first step; the others travel with it, in reverse order
 * chunks    → a group of celery.starmap
 * chord     → refused: somebody has to count its parts, and `rpc://` cannot
 * ```
 *
 * [CANVAS-APPLY] Source: Celery 5.7.0, celery/canvas.py `Signature.apply_async`, `_merge`, `group.apply_async`,
 * `_chain.run`, `chunks.apply_async`; celery/backends/rpc.py `ensure_chords_allowed`; recorded worker-rpc: `chain_exec`,
 * `chain_to_group`, `link_two_exec`.
 */
import { expandChain } from './chain-steps.ts';
import { derivedTaskId } from './derived-task-id.ts';
import type { TaskCall } from './encode-task-message.ts';
import { InvalidTaskError } from './protocol-error.ts';
import { PythonError } from './python-error.ts';
import { PythonFloat } from './python-float.ts';
import { isMapping, pythonTypeName } from './python-type-name.ts';
import { groupResult, taskResult, type ResultTuple } from './result-tuple.ts';
import type { Signature } from './signature.ts';
import { argsOf, kindOf, membersOf } from './signature-kind.ts';
import {
  callOptions,
  routeOptions,
  stampedHeaders,
  textOption,
  type SignatureOptions,
  type SignatureRoute,
} from './signature-options.ts';

/** The task whose end leads to calls, and who makes them. */
export interface SignatureContext {
  /** Id of the task that ended; ids of calls that have none are derived from it. */
  readonly parentId: string;
  readonly rootId: string;
  /** Node that makes the calls, `name@host`. */
  readonly origin: string;
  readonly now: Date;
}

/** A call that a signature leads to. */
export interface SignatureCall {
  readonly call: TaskCall;
  readonly route: SignatureRoute;
}

/** What stands for the calls that a signature leads to. */
export interface AppliedSignature {
  /** What the sender's `children` list; undefined when there was nothing to call. */
  readonly child: ResultTuple | undefined;
  /** What stands for the whole: of a chain its last step, with the others as parents. */
  readonly result: ResultTuple | undefined;
}

/** Gives calls one by one, then what stands for them: as many as there are, they need not be held at once. */
export type SignatureCalls<T> = Generator<SignatureCall, T, undefined>;

/** How a signature is applied. */
export interface Application {
  /** Come before the signature's own arguments, unless it is immutable. */
  readonly args: readonly unknown[];
  /** Where the signature stands in the message of the parent, for ids. */
  readonly position: string;
  /** Steps that follow, in reverse order. Default: it is no step of a chain. */
  readonly chain?: readonly Signature[] | undefined;
  /** Win over the signature's own options. */
  readonly options?: SignatureOptions;
}

const nothing: AppliedSignature = { child: undefined, result: undefined };

/** Options of a chain that are for its last step, or for the chain itself; the rest is for its first step. */
const chainOwnOptions: ReadonlySet<string> = new Set([
  'task_id',
  'group_id',
  'group_index',
  'chord',
  'link',
  'link_error',
  'root_id',
  'parent_id',
  'chain',
]);

/**
 * The calls that a signature leads to. How many they are `signatureExtent` tells.
 *
 * @throws InvalidTaskError when an option or a part of the signature cannot be what it is
 * @throws PythonError `NotImplementedError` when it is a chord, or becomes one: a group that another step follows
 */
export function applySignature(
  signature: Signature,
  application: Application,
  context: SignatureContext,
): SignatureCalls<AppliedSignature> {
  switch (kindOf(signature)) {
    case 'task':
      return applyTask(signature, application, context);
    case 'group':
      return applyGroup(membersOf(signature), signature, application, context);
    case 'chain':
      return applyChain(signature, application, context);
    case 'chunks':
      return applyGroup(chunksOf(signature), signature, application, context);
    case 'chord':
      throw chordRefused();
  }
}

function* applyTask(
  signature: Signature,
  { args, position, chain, options: given }: Application,
  context: SignatureContext,
): SignatureCalls<AppliedSignature> {
  const options = mergedOptions(signature.options, given);
  const { parentId, rootId, origin, now } = context;
  const { embed, ...decided } = callOptions(options, now);
  const id = textOption(options, 'task_id') ?? derivedTaskId(parentId, position);
  const kwargs = signature.kwargs ?? {};
  if (!isMapping(kwargs)) throw notA('kwargs', 'an object', signature, kwargs);
  const call: TaskCall = {
    ...decided,
    name: signature.task,
    id,
    args: signature.immutable === true ? argsOf(signature) : [...args, ...argsOf(signature)],
    kwargs,
    parentId,
    rootId,
    origin,
    tupleArgs: true,
    embed: { ...embed, chain: chain ?? null },
  };
  const result = taskResult(id);
  yield { call, route: routeOptions(options) };
  return { child: result, result };
}

function* applyGroup(
  members: Iterable<Signature>,
  signature: Signature,
  { args, position, chain, options: given }: Application,
  context: SignatureContext,
): SignatureCalls<AppliedSignature> {
  const options = mergedOptions(signature.options, given);
  const groupId = textOption(options, 'task_id') ?? derivedTaskId(context.parentId, position);
  const results: ResultTuple[] = [];
  let count = 0;
  for (const member of members) {
    const { result } = yield* applySignature(
      member,
      {
        args,
        chain,
        position: `${position}.${count}`,
        options: { ...options, task_id: null, group_id: groupId, group_index: count },
      },
      context,
    );
    if (result !== undefined) results.push(result);
    count++;
  }
  if (count === 0) return nothing;
  const result = groupResult(groupId, results);
  return { child: result, result };
}

function* applyChain(
  signature: Signature,
  { args, position, chain = [], options: given }: Application,
  context: SignatureContext,
): SignatureCalls<AppliedSignature> {
  const options = mergedOptions(signature.options, given);
  const newId = (place: string) => derivedTaskId(context.parentId, `${position}.${place}`);
  const { steps, result } = expandChain(signature, options, newId);
  const [first, ...later] = steps;
  if (first === undefined) return nothing;
  if (steps.some((step) => kindOf(step) === 'chord')) throw chordRefused();
  if (steps.slice(0, -1).some((step) => kindOf(step) === 'group')) throw chordRefused();
  const { child } = yield* applySignature(
    first,
    {
      args, // its own ones, and whether it is immutable, do not survive a message: Celery's `from_dict` drops them
      position: `${position}.0`,
      chain: [...chain, ...later.reverse()],
      options: Object.fromEntries(Object.entries(options).filter(([name]) => !chainOwnOptions.has(name))),
    },
    context,
  );
  return { child, result };
}

/** Of `celery.chunks`: `it` cut into lists of `n`, each for a `celery.starmap` of `task`. */
function* chunksOf(signature: Signature): Iterable<Signature> {
  const { task, it, n } = signature.kwargs ?? {};
  const size = typeof n === 'bigint' || n instanceof PythonFloat ? Number(n) : n;
  if (!Array.isArray(it)) throw notA('kwargs.it', 'a list', signature, it);
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1)
    throw notA('kwargs.n', 'a positive integer', signature, n);
  for (let start = 0; start < it.length; start += size)
    yield {
      task: 'celery.starmap',
      args: [],
      kwargs: { task, it: it.slice(start, start + size) as unknown[] },
      options: {},
      subtask_type: 'xstarmap',
      immutable: true,
    };
}

/**
 * A signature's options with given ones over them. What is not given (null) changes nothing; a group id and stamps that
 * are there stay, as others count on them.
 */
function mergedOptions(
  own: SignatureOptions | null | undefined,
  given: SignatureOptions = {},
): SignatureOptions {
  const options = own ?? {};
  const kept = new Set(['group_id', 'stamped_headers', ...stampedHeaders(options)]);
  const winning = Object.entries(given).filter(
    ([name, value]) =>
      value !== null && value !== undefined && !(kept.has(name) && Object.hasOwn(options, name)),
  );
  return { ...options, ...Object.fromEntries(winning) };
}

function chordRefused(): PythonError {
  return new PythonError('NotImplementedError', [
    'The "rpc" result backend does not support chords!\n\nNote that a group chained with a task is also upgraded to be a chord,\nas this pattern requires synchronization.',
  ]);
}

function notA(part: string, expected: string, { task }: Signature, value: unknown): InvalidTaskError {
  return new InvalidTaskError(
    'embed-invalid',
    `${part} of the signature ${task} must be ${expected}, got ${pythonTypeName(value)}`,
  );
}
