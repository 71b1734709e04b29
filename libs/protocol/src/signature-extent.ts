/**
 * How much a signature leads to, told from the signature alone: no call is made for it, and the time it takes grows with
 * the size of the signature only. A `link` of a group and the steps after it are repeated for each member, which is how a
 * few kilobytes of groups in links of groups become millions of tasks.
 *
 * Parts that are no signatures count nothing: whoever applies them refuses them.
 */
import type { FollowUpLimits } from './follow-up-limits.ts';
import { jsonSize } from './json-size.ts';
import { PythonFloat } from './python-float.ts';
import { kindOf } from './signature-kind.ts';
import { isSignature, type Signature } from './signature.ts';

/** What a signature leads to. */
export interface SignatureExtent {
  /** Calls that are made at once, and later steps of chains that get their ids with them. */
  readonly calls: number;
  /** About what the messages of these calls take, in bytes. */
  readonly bytes: number;
  /** Tasks that follow in all, with those that follow them: of a failure and a success of a task, the larger number. */
  readonly tasks: number;
}

/** What the signature gets from whoever applies it; see `Application`. */
export interface ExtentGiven {
  /** Size of the arguments that come first. */
  readonly argsBytes: number;
  /** Steps that follow, in reverse order. */
  readonly chain?: readonly Signature[] | undefined;
  /** The counting ends beyond these: what it tells then is only that they are passed. Default none. */
  readonly limits?: FollowUpLimits;
}

/** What a call takes beside what its signature says: ids, headers, properties. */
const bytesPerCall = 1024;
/** What a step of a chain takes beside what its signature says: its ids. */
const bytesPerStep = 128;

/** What a signature leads to when it is applied. */
export function signatureExtent(
  signature: Signature,
  { argsBytes, chain = [], limits = unlimited }: ExtentGiven,
): SignatureExtent {
  // one message, no larger than the one whose end leads to it
  if (kindOf(signature) === 'task')
    return { calls: 1, bytes: 0, tasks: tasksOfAll(signature, { tail: tailOf(chain) }) };
  const sum: Sum = { calls: 0, bytes: 0, limits };
  addCalls(sum, signature, {
    argsBytes,
    optionsBytes: 0,
    errbackBytes: undefined,
    chainBytes: jsonSize(chain),
  });
  const { calls, bytes } = sum;
  const tasks = isPassed(sum) ? calls : tasksOfAll(signature, { tail: tailOf(chain) });
  return { calls, bytes, tasks };
}

/** What the extents are together. */
export function sumOfExtents(extents: readonly SignatureExtent[]): SignatureExtent {
  const sum = { calls: 0, bytes: 0, tasks: 0 };
  for (const { calls, bytes, tasks } of extents) {
    sum.calls += calls;
    sum.bytes += bytes;
    sum.tasks += tasks;
  }
  return sum;
}

/** Tasks that follow a call beside those of its own options. */
interface Following {
  /** After a success, beside the callbacks: those of the later steps of the chain. */
  readonly tail: number;
  /** Of given options, which win over the signature's own; undefined: not given. */
  readonly link?: number | undefined;
  readonly linkError?: number | undefined;
  /** Of a chain's options, which are added to those of its steps. */
  readonly addedLink?: number;
  readonly addedLinkError?: number;
}

function tasksOfAll(signature: Signature, following: Following): number {
  const { tail, addedLink = 0, addedLinkError = 0 } = following;
  const link = following.link ?? withAdded(optionTasks(signature, 'link'), addedLink);
  const linkError = following.linkError ?? withAdded(optionTasks(signature, 'link_error'), addedLinkError);
  const perCall = 1 + Math.max((link ?? 0) + tail, linkError ?? 0);
  switch (kindOf(signature)) {
    case 'task':
    case 'chord': // refused
      return perCall;
    case 'chunks': {
      const count = chunkCount(signature);
      return count === 0 ? 0 : count * perCall;
    }
    case 'group': {
      let tasks = 0;
      for (const member of lenientMembers(signature)) tasks += tasksOfAll(member, { tail, link, linkError });
      return tasks;
    }
    case 'chain': {
      const steps = lenientSteps(signature).reverse();
      let tasks = tail;
      for (const [index, step] of steps.entries()) {
        const added = { addedLink: index === 0 ? (link ?? 0) : 0, addedLinkError: linkError ?? 0 };
        tasks = tasksOfAll(step, { tail: tasks, ...added });
      }
      return steps.length === 0 ? 0 : tasks;
    }
  }
}

/** Tasks of steps that travel along, in reverse order. */
function tailOf(chain: readonly Signature[]): number {
  let tail = 0;
  for (const step of chain) tail = tasksOfAll(step, { tail });
  return tail;
}

function withAdded(own: number | undefined, added: number): number | undefined {
  return added === 0 ? own : (own ?? 0) + added;
}

/** Tasks that the signatures in an option lead to; undefined when it is not given. */
function optionTasks({ options }: Signature, name: 'link' | 'link_error'): number | undefined {
  const value = options?.[name] ?? undefined;
  if (value === undefined) return undefined;
  let tasks = 0;
  for (const signature of Array.isArray(value) ? (value as readonly unknown[]) : [value])
    if (isSignature(signature)) tasks += tasksOfAll(signature, { tail: 0 });
  return tasks;
}

interface Sum {
  calls: number;
  bytes: number;
  readonly limits: FollowUpLimits;
}

const unlimited: FollowUpLimits = { maxCalls: Infinity, maxBytes: Infinity };

function isPassed({ calls, bytes, limits }: Sum): boolean {
  return calls > limits.maxCalls || bytes > limits.maxBytes;
}

/** Sizes of what goes into every message that a signature leads to. */
interface Inherited {
  readonly argsBytes: number;
  readonly optionsBytes: number;
  /** Of these, `link_error`; undefined: not given. */
  readonly errbackBytes: number | undefined;
  readonly chainBytes: number;
}

function addCalls(sum: Sum, signature: Signature, inherited: Inherited): void {
  const { argsBytes, optionsBytes, chainBytes } = inherited;
  const perCall = bytesPerCall + optionsBytes + chainBytes;
  switch (kindOf(signature)) {
    case 'task':
    case 'chord': // refused
      sum.calls += 1;
      sum.bytes += perCall + jsonSize(signature) + (signature.immutable === true ? 0 : argsBytes);
      return;
    case 'chunks': {
      const count = chunkCount(signature);
      const { task, it } = signature.kwargs ?? {};
      sum.calls += count;
      sum.bytes += jsonSize(it) + count * (perCall + jsonSize(task) + jsonSize(signature.options));
      return;
    }
    case 'group': {
      const given = withOptionsOf(signature, inherited);
      for (const member of lenientMembers(signature)) {
        if (isPassed(sum)) return;
        addCalls(sum, member, given);
      }
      return;
    }
    case 'chain': {
      const given = withOptionsOf(signature, inherited);
      const [first, ...later] = lenientSteps(signature);
      if (first === undefined) {
        sum.calls += 1; // it makes none, and is looked at like one that does
        return;
      }
      // links of the chain go to its last step, errbacks to every step
      sum.calls += later.length;
      if (isPassed(sum)) return;
      let laterBytes = 0;
      for (const step of later) laterBytes += jsonSize(step) + bytesPerStep + (given.errbackBytes ?? 0);
      if (later.length > 0) laterBytes += given.optionsBytes;
      addCalls(sum, first, { ...given, errbackBytes: undefined, chainBytes: chainBytes + laterBytes });
      return;
    }
  }
}

function withOptionsOf({ options }: Signature, inherited: Inherited): Inherited {
  const own = options?.['link_error'] ?? undefined;
  return {
    ...inherited,
    optionsBytes: inherited.optionsBytes + jsonSize(options),
    errbackBytes: inherited.errbackBytes ?? (own === undefined ? undefined : jsonSize(own)),
  };
}

/** How many calls chunks become; 0 when it cannot be told, as whoever applies them refuses them. */
function chunkCount({ kwargs }: Signature): number {
  const { it, n } = kwargs ?? {};
  const size = typeof n === 'bigint' || n instanceof PythonFloat ? Number(n) : n;
  if (!Array.isArray(it) || typeof size !== 'number' || !(size >= 1)) return 0;
  return Math.ceil(it.length / size);
}

function partsOf({ kwargs }: Signature): readonly unknown[] {
  const tasks = kwargs?.['tasks'];
  return Array.isArray(tasks) ? (tasks as readonly unknown[]) : [];
}

/** Members of a group as `membersOf` finds them, without those that are no signatures. */
function lenientMembers(group: Signature, members: Signature[] = []): Signature[] {
  for (const member of partsOf(group)) {
    if (!isSignature(member)) continue;
    if (kindOf(member) === 'group') lenientMembers(member, members);
    else if (kindOf(member) !== 'chain' || partsOf(member).length > 0) members.push(member);
  }
  return members;
}

/** Steps of a chain as `expandChain` finds them, without those that are no signatures. */
function lenientSteps(chain: Signature, steps: Signature[] = []): Signature[] {
  for (const step of partsOf(chain)) if (isSignature(step)) splice(step, steps);
  return steps;
}

function splice(step: Signature, steps: Signature[]): void {
  const kind = kindOf(step);
  if (kind === 'chain') {
    lenientSteps(step, steps);
    return;
  }
  if (kind === 'group') {
    const members = lenientMembers(step);
    const [only] = members;
    if (only === undefined) return;
    if (members.length === 1) {
      splice(only, steps);
      return;
    }
  }
  steps.push(step);
}
