import { pythonIsoformat } from '@celeriac/protocol';

/** What Python's `isoformat` gives for a date with an offset: six digits of a second or none. */
const isoformat = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(?!000000)\d{6})?[+-]\d\d:\d\d$/;

/**
 * An eta or expires as an event tells it: as it came where that is Python's form, whose microseconds and offset a `Date`
 * does not keep, else in that form.
 *
 * Source: Celery 5.7.0, celery/worker/strategy.py `task_message_handler`; recorded worker-startup: `startup_default_E`.
 *
 * @param header - what the message says
 */
export function eventDate(date: Date | undefined, header: unknown): string | null {
  if (date === undefined) return null;
  return typeof header === 'string' && isoformat.test(header) ? header : pythonIsoformat(date);
}
