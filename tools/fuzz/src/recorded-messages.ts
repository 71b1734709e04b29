import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A message of Celery as it was recorded, with what a fuzzer changes. */
export interface RecordedMessage {
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/**
 * Every message of the recordings in `libs/testing/vectors`: tasks, results, events and control messages of all releases,
 * each kind of which can be sent to a task queue.
 *
 * @param root the workspace's folder
 */
export async function recordedMessages(root: string): Promise<RecordedMessage[]> {
  const folder = join(root, 'libs/testing/vectors');
  const found: RecordedMessage[] = [];
  const search = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('content_header_b64' in value) found.push(messageOf(value));
    for (const member of Object.values(value)) search(member);
  };
  for (const file of (await readdir(folder)).sort())
    search(JSON.parse(await readFile(join(folder, file), 'utf8')));
  return found;
}

function messageOf(recorded: Record<string, unknown>): RecordedMessage {
  const { properties, headers, body_b64: body } = recorded;
  const { content_type: type, content_encoding: encoding } = properties as Record<string, unknown>;
  return {
    contentType: typeof type === 'string' ? type : undefined,
    contentEncoding: typeof encoding === 'string' ? encoding : undefined,
    headers: (headers ?? {}) as Record<string, unknown>,
    body: Buffer.from(typeof body === 'string' ? body : '', 'base64'),
  };
}
