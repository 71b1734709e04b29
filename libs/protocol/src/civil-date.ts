/** A day of the Gregorian calendar, month and day from 1. */
export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Milliseconds since the epoch of a UTC date and time. `Date.UTC` alone takes the years 0 to 99 for the 1900s. */
export function utcMillis({ year, month, day }: CivilDate, hour = 0, minute = 0, second = 0, ms = 0): number {
  return new Date(0).setUTCFullYear(year, month - 1, day) + ((hour * 60 + minute) * 60 + second) * 1000 + ms;
}

/** The day of an instant in UTC. */
export function civilDateOf(millis: number): CivilDate {
  const date = new Date(millis);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** True for a day that exists, in the years 1 to 9999 that Python knows. */
export function isCivilDate({ year, month, day }: CivilDate): boolean {
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return false;
  return day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}

const dayMs = 86_400_000;

/** Day `day` (1 is Monday) of ISO week `week`; undefined when there is no such week or day. */
export function weekDate(year: number, week: number, day: number): CivilDate | undefined {
  if (year < 1 || week < 1 || week > 53 || day < 1 || day > 7) return undefined;
  // the week that holds January 4th is the first
  const fourth = utcMillis({ year, month: 1, day: 4 });
  const monday = fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * dayMs;
  return civilDateOf(monday + ((week - 1) * 7 + day - 1) * dayMs);
}

/** Day `ordinal` of the year; undefined when the year has no such day. */
export function ordinalDate(year: number, ordinal: number): CivilDate | undefined {
  if (year < 1 || ordinal < 1) return undefined;
  const date = civilDateOf(utcMillis({ year, month: 1, day: 1 }) + (ordinal - 1) * dayMs);
  return date.year === year ? date : undefined;
}
