import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedMessage } from './recorded-messages.ts';

// specs run as CommonJS, where the folder of a module is known by this name
declare const __dirname: string;

/** Every message of every recording, of all versions: whatever has a content header. */
export function everyRecordedMessage(): RecordedMessage[] {
  const folder = join(__dirname, '..', 'vectors');
  const found: RecordedMessage[] = [];
  const search = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('content_header_b64' in value) found.push(value as RecordedMessage);
    for (const member of Object.values(value)) search(member);
  };
  for (const file of readdirSync(folder)) search(JSON.parse(readFileSync(join(folder, file), 'utf8')));
  return found;
}
