import { createHash } from 'node:crypto';

/** The namespace of our name-based ids: any constant does, as long as it stays. */
const namespace = Buffer.from('3d1f0c5a6b7e4f6a9c2d8e1b5a4f7c30', 'hex');

/**
 * The id of a call that a task leads to and that has been given none: a UUID (version 5) made from the id of the task
 * and from where the call stands in its message. A task that is delivered again, because its acknowledgement was lost,
 * then makes its calls under the same ids as before, and not new ones; Celery takes random ids.
 */
export function derivedTaskId(parentId: string, position: string): string {
  const digest = createHash('sha1').update(namespace).update(`${parentId}/${position}`).digest();
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x50;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  return digest.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
