import { parseIsoformat } from '@celeriac/protocol';

/** An instant as Celery writes and reads them, ISO 8601 and UTC where no offset is named; undefined when it is none. */
export function readInstant(value: unknown): Date | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  try {
    const instant = parseIsoformat(value);
    return isWritableInstant(instant.getTime()) ? instant : undefined;
  } catch {
    return undefined; // the option's own complaint says what an instant looks like
  }
}

const earliestMs = Date.UTC(1970, 0, 1);
const latestMs = Date.UTC(9999, 11, 31, 23, 59, 59);

/** Whether Python can hold the instant, in ms since the epoch: its datetime ends with the year 9999. */
export function isWritableInstant(ms: number): boolean {
  return ms >= earliestMs && ms <= latestMs;
}
