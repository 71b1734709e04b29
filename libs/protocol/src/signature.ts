import { InvalidTaskError } from './protocol-error.ts';
import { isMapping, pythonTypeName } from './python-type-name.ts';

/**
 * A task call that travels inside another message, in the shape that the wire has it; kept as it came, so that keys of
 * other releases and the kinds of numbers survive being passed on.
 */
export interface Signature {
  readonly task: string;
  readonly args?: readonly unknown[] | null;
  readonly kwargs?: Readonly<Record<string, unknown>> | null;
  readonly options?: Readonly<Record<string, unknown>> | null;
  readonly subtask_type?: string | null;
  readonly immutable?: boolean | null;
  readonly [key: string]: unknown;
}

/** What is to happen after a task; the third part of a task's body. */
export interface TaskEmbed {
  /** Called with the result on success. */
  readonly callbacks: readonly Signature[] | null;
  /** Called on failure. */
  readonly errbacks: readonly Signature[] | null;
  /** The remaining steps in reverse order: the next one is last. `[]` and `null` both mean no more steps. */
  readonly chain: readonly Signature[] | null;
  /** Body of the chord whose header this task is part of. */
  readonly chord: Signature | null;
}

export const emptyEmbed: TaskEmbed = Object.freeze({
  callbacks: null,
  errbacks: null,
  chain: null,
  chord: null,
});

/** True for what can be applied: an object that names a task. */
export function isSignature(value: unknown): value is Signature {
  return isMapping(value) && typeof value['task'] === 'string';
}

function decodeSignatures(value: unknown, key: string): readonly Signature[] | null {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value) && value.every(isSignature)) return value;
  throw new InvalidTaskError(
    'embed-invalid',
    `${key} of a task must be null or a list of signatures, got ${pythonTypeName(value)}`,
  );
}

/**
 * The third part of a task's body; null and missing keys mean nothing follows.
 *
 * [TASK-EMBED] Source: Celery 5.7, celery/app/amqp.py `as_task_v2` writes it, celery/app/task.py `Context` and
 * celery/canvas.py `maybe_signature` read it; vectors `worker-rpc: v2_embed_null`.
 *
 * @throws InvalidTaskError when it is no object, or holds something that is no signature
 */
export function decodeEmbed(embed: unknown): TaskEmbed {
  if (embed === undefined || embed === null) return emptyEmbed;
  if (!isMapping(embed)) {
    throw new InvalidTaskError(
      'embed-invalid',
      `embed of a task must be null or an object, got ${pythonTypeName(embed)}`,
    );
  }
  const { callbacks, errbacks, chain, chord = null } = embed;
  if (chord !== null && !isSignature(chord)) {
    throw new InvalidTaskError(
      'embed-invalid',
      `chord of a task must be null or a signature, got ${pythonTypeName(chord)}`,
    );
  }
  return {
    callbacks: decodeSignatures(callbacks, 'callbacks'),
    errbacks: decodeSignatures(errbacks, 'errbacks'),
    chain: decodeSignatures(chain, 'chain'),
    chord,
  };
}

/** True when nothing follows the task. */
export function isEmptyEmbed(embed: TaskEmbed): boolean {
  return embed.callbacks === null && embed.errbacks === null && embed.chain === null && embed.chord === null;
}
