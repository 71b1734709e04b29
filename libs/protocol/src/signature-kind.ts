import { InvalidTaskError } from './protocol-error.ts';
import { pythonTypeName } from './python-type-name.ts';
import { isSignature, type Signature } from './signature.ts';

/** What a signature is: `task` is sent as it is, the others are taken apart by whoever applies them. */
export type SignatureKind = 'task' | 'group' | 'chain' | 'chord' | 'chunks';

/** By `subtask_type`, or by the name of the task where there is none. `xmap` and `xstarmap` are tasks. */
const kinds: ReadonlyMap<string, SignatureKind> = new Map<string, SignatureKind>([
  ['group', 'group'],
  ['chain', 'chain'],
  ['chord', 'chord'],
  ['chunks', 'chunks'],
  ['celery.group', 'group'],
  ['celery.chain', 'chain'],
  ['celery.chord', 'chord'],
  ['celery.chunks', 'chunks'],
]);

export function kindOf({ task, subtask_type: type }: Signature): SignatureKind {
  return kinds.get(type ?? task) ?? 'task';
}

/** @throws InvalidTaskError when the arguments are no list */
export function argsOf({ task, args }: Signature): readonly unknown[] {
  const given: unknown = args ?? [];
  if (Array.isArray(given)) return given as readonly unknown[];
  throw new InvalidTaskError(
    'embed-invalid',
    `args of the signature ${task} must be a list, got ${pythonTypeName(given)}`,
  );
}

/**
 * `kwargs.tasks` of a group or chain.
 *
 * @throws InvalidTaskError when it is no list of signatures
 */
export function tasksOf({ task, kwargs }: Signature): readonly Signature[] {
  const tasks = kwargs?.['tasks'];
  if (Array.isArray(tasks) && tasks.every(isSignature)) return tasks;
  throw new InvalidTaskError(
    'embed-invalid',
    `kwargs.tasks of the signature ${task} must be a list of signatures, got ${pythonTypeName(tasks)}`,
  );
}

/** Members of a group; groups among them are taken apart, and chains without steps left out. */
export function membersOf(group: Signature): readonly Signature[] {
  const members: Signature[] = [];
  addMembers(members, group);
  return members;
}

/** Each member is moved once, however deep it is. */
function addMembers(members: Signature[], group: Signature): void {
  for (const member of tasksOf(group)) {
    const kind = kindOf(member);
    if (kind === 'group') addMembers(members, member);
    else if (kind !== 'chain' || tasksOf(member).length > 0) members.push(member);
  }
}
