import type { CivilDate } from './civil-date.ts';
import { isCivilDate, weekDate } from './civil-date.ts';

/*
 * datetime = date [any-character time [zone]]
 * date = year "-" month "-" day | year month day | year ["-"] "W" week [["-"] weekday]
 * time = hour [":" minute [":" second [("." | ",") digits]]], or the same without colons
 * zone = "Z" | ("+" | "-") time
 */
const calendarPattern = /^(\d{4})(?:-(\d\d)-(\d\d)|(\d\d)(\d\d))/;
const weekPattern = /^(\d{4})(?:-W(\d\d)(?:-(\d))?|W(\d\d)(\d)?)/;
const timePattern = /^(\d\d)(?:(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)|(?:(\d\d)(?:(\d\d)(?:[.,](\d+))?)?))?$/;

interface WallTime {
  readonly text: string;
  readonly isZero: boolean;
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

/** `hour:minute[:second[.microsecond]]`; a zone leaves out seconds that are zero, a time of day keeps them. */
function normalizeWallTime(text: string, isZone: boolean): WallTime | undefined {
  const match = timePattern.exec(text);
  if (match === null) return undefined;
  const hour = Number(match[1]);
  const minute = Number(match[2] ?? match[5] ?? 0);
  const second = Number(match[3] ?? match[6] ?? 0);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const micros = (match[4] ?? match[7] ?? '').slice(0, 6).padEnd(6, '0');
  const hasFraction = micros !== '000000';
  let normal = `${two(hour)}:${two(minute)}`;
  if (!isZone || second > 0 || hasFraction) normal += `:${two(second)}`;
  if (hasFraction) normal += `.${micros}`;
  return { text: normal, isZero: hour + minute + second === 0 && !hasFraction };
}

function normalizeZone(text: string): string | undefined {
  if (text === '') return '';
  if (text === 'Z') return '+00:00';
  const offset = normalizeWallTime(text.slice(1), true);
  if (offset === undefined) return undefined;
  return (offset.isZero ? '+' : text.slice(0, 1)) + offset.text;
}

/** What `time.fromisoformat(text).isoformat()` gives in Python; undefined when the text is no time. */
export function normalizeTime(text: string): string | undefined {
  const bare = text.startsWith('T') ? text.slice(1) : text;
  const zoneAt = bare.search(/[Z+-]/);
  const time = normalizeWallTime(zoneAt < 0 ? bare : bare.slice(0, zoneAt), false);
  const zone = normalizeZone(zoneAt < 0 ? '' : bare.slice(zoneAt));
  return time === undefined || zone === undefined ? undefined : time.text + zone;
}

function parseDate(text: string): { readonly date: CivilDate; readonly length: number } | undefined {
  const calendar = calendarPattern.exec(text);
  if (calendar !== null) {
    const [whole, year, month = calendar[4], day = calendar[5]] = calendar;
    const date = { year: Number(year), month: Number(month), day: Number(day) };
    return isCivilDate(date) ? { date, length: whole.length } : undefined;
  }
  const week = weekPattern.exec(text);
  if (week === null) return undefined;
  const date = weekDate(Number(week[1]), Number(week[2] ?? week[4]), Number(week[3] ?? week[5] ?? 1));
  return date !== undefined && isCivilDate(date) ? { date, length: week[0].length } : undefined;
}

function dateText({ year, month, day }: CivilDate): string {
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
}

/**
 * What `datetime.fromisoformat(text).isoformat()` gives in Python 3.11; undefined when the text is no datetime.
 * A text without zone stays without.
 */
export function normalizeDatetime(text: string): string | undefined {
  const parsed = parseDate(text);
  if (parsed === undefined) return undefined;
  const rest = text.slice(parsed.length);
  const time = rest === '' ? '00:00:00' : normalizeTime(rest.slice(1).replace(/^T/, '?'));
  return time === undefined ? undefined : `${dateText(parsed.date)}T${time}`;
}
