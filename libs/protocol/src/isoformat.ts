import type { CivilDate } from './civil-date.ts';
import { isCivilDate, ordinalDate, utcMillis, weekDate } from './civil-date.ts';
import { DecodeError, EncodeError } from './protocol-error.ts';

/** The latest text made: a busy worker finishes many tasks within one millisecond. */
let latest = { millis: 0, text: '1970-01-01T00:00:00+00:00' };

/**
 * What Python's `isoformat()` gives for an aware UTC datetime: `2026-11-22T10:24:12.805000+00:00`, without the fraction
 * when it is zero.
 *
 * [TASK-DATE-WRITE] Source: Celery 5.7, celery/app/amqp.py `as_task_v2`; vectors `task-messages: eta_aware`.
 *
 * @throws EncodeError when the date is invalid or outside Python's years, 1 to 9999
 */
export function pythonIsoformat(date: Date): string {
  const millis = date.getTime();
  if (millis === latest.millis) return latest.text;
  // years outside 0000 to 9999 have a sign and six digits
  const text = Number.isNaN(millis) ? '' : date.toISOString();
  if (text.length !== 24 || text.startsWith('0000')) {
    throw new EncodeError(`a date must lie in the years 1 to 9999 that Python knows, got ${String(date)}`);
  }
  latest = {
    millis,
    text: millis % 1000 === 0 ? `${text.slice(0, 19)}+00:00` : `${text.slice(0, 23)}000+00:00`,
  };
  return latest.text;
}

/*
 * isodatetime = date [any-character time]
 * date = year | year "-" month | year "-" month "-" day | year month day
 *      | year ["-"] "W" week [["-"] weekday] | year ["-"] ordinal
 * time = hour [[":"] minute [[":"] second [("." | ",") digits]]] [zone]
 * zone = "Z" | "z" | ("+" | "-") hour [[":"] minute]
 */
const datePatterns: readonly (readonly [
  RegExp,
  (part: (index: number) => number) => CivilDate | undefined,
])[] = [
  [/^(\d{4})-(\d\d)-(\d\d)/, (part) => ({ year: part(1), month: part(2), day: part(3) })],
  [/^(\d{4})(\d\d)(\d\d)/, (part) => ({ year: part(1), month: part(2), day: part(3) })],
  [/^(\d{4})(?:-(\d\d))?$/, (part) => ({ year: part(1), month: part(2), day: 1 })],
  [/^(\d{4})-W(\d\d)(?:-(\d)|$)/, (part) => weekDate(part(1), part(2), part(3))],
  [/^(\d{4})W(\d\d)(?:(\d)|$)/, (part) => weekDate(part(1), part(2), part(3))],
  [/^(\d{4})-?(\d{3})/, (part) => ordinalDate(part(1), part(2))],
];
const timePattern =
  /^(\d\d)(?:(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)|(?:(\d\d)(?:(\d\d)(?:[.,](\d+))?)?))?(?:([Zz])|([+-])(\d\d)(?::?(\d\d))?)?$/;

/** Milliseconds after midnight UTC of a time with its zone; undefined when there is no such time. */
function parseTime(text: string): number | undefined {
  const match = timePattern.exec(text);
  if (match === null) return undefined;
  const hour = Number(match[1]);
  const minute = Number(match[2] ?? match[5] ?? 0);
  const second = Number(match[3] ?? match[6] ?? 0);
  const fraction = match[4] ?? match[7] ?? '';
  // Python keeps microseconds and drops the rest; a Date keeps milliseconds
  const ms = Number(fraction.slice(0, 3).padEnd(3, '0'));
  const zoneHour = Number(match[10] ?? 0);
  const zoneMinute = Number(match[11] ?? 0);
  if (minute > 59 || second > 59 || zoneHour > 23 || zoneMinute > 59) return undefined;
  const millis = ((hour * 60 + minute) * 60 + second) * 1000 + ms;
  if (hour > 23 && (hour > 24 || millis !== 86_400_000 || /[1-9]/.test(fraction))) return undefined;
  const zoneMs = (zoneHour * 60 + zoneMinute) * 60_000;
  return match[9] === '-' ? millis + zoneMs : millis - zoneMs;
}

/** The first pattern that fits decides, and what it leaves is the time. A part that is missing is 1. */
function parseDate(text: string): { readonly date: CivilDate; readonly length: number } | undefined {
  for (const [pattern, read] of datePatterns) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const date = read((index) => Number(match[index] ?? 1));
    return date !== undefined && isCivilDate(date) ? { date, length: match[0].length } : undefined;
  }
  return undefined;
}

/**
 * Reads a header `eta` or `expires`: ISO 8601 calendar, week and ordinal dates, any one character before the time,
 * fractions of any length. A text without zone is UTC.
 *
 * [TASK-DATE-READ] Source: Celery 5.7, celery/utils/time.py `maybe_iso8601`, which is dateutil's `isoparse`, and
 * celery/worker/request.py; vectors `pure-functions: eta_parse`.
 *
 * @throws DecodeError when the text is no such date
 */
export function parseIsoformat(text: string): Date {
  const parsed = parseDate(text);
  if (parsed !== undefined) {
    const rest = text.slice(parsed.length);
    const time = rest === '' ? 0 : parseTime(rest.slice(1));
    if (time !== undefined) return new Date(utcMillis(parsed.date) + time);
  }
  throw new DecodeError(
    `a date must be ISO 8601, as in 2026-11-22T10:24:12+00:00, got ${JSON.stringify(text.slice(0, 64))}`,
    {
      reason: 'date-not-parsable',
    },
  );
}
