import { stringRepr } from './string-repr.ts';
import type { PythonScalar } from './python-scalar.ts';

interface Offset {
  readonly seconds: number;
  readonly micros: number;
}

/** The zone of a datetime or time as `tzinfo=…`, or nothing. */
function zoneRepr(zone: string | undefined): string {
  if (zone === undefined || zone === '') return '';
  const [, sign, hours, minutes, seconds = '0', micros = '0'] =
    /^(.)(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?$/.exec(zone) ?? [];
  const distance = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  const offset: Offset = { seconds: sign === '-' ? -distance : distance, micros: Number(micros) };
  if (offset.seconds === 0 && offset.micros === 0) return ', tzinfo=datetime.timezone.utc';
  return `, tzinfo=datetime.timezone(${deltaRepr(offset, sign === '-')})`;
}

/** Python normalises a timedelta so that only its days are negative. */
function deltaRepr({ seconds, micros }: Offset, isNegative: boolean): string {
  const total = BigInt(seconds) * 1_000_000n + BigInt(isNegative ? -micros : micros);
  const perDay = 86_400_000_000n;
  const days = total < 0n ? -1n : 0n;
  const rest = total - days * perDay;
  const parts: string[] = [];
  if (days !== 0n) parts.push(`days=${days.toString()}`);
  if (rest / 1_000_000n > 0n) parts.push(`seconds=${(rest / 1_000_000n).toString()}`);
  if (rest % 1_000_000n > 0n) parts.push(`microseconds=${(rest % 1_000_000n).toString()}`);
  return `datetime.timedelta(${parts.join(', ')})`;
}

/** Seconds and microseconds are left out from the right while they are zero. */
function clockParts(
  hour: string,
  minute: string,
  second: string,
  fraction: string | undefined,
): readonly number[] {
  const micros = Number(fraction ?? 0);
  const parts = [Number(hour), Number(minute)];
  if (Number(second) > 0 || micros > 0) parts.push(Number(second));
  if (micros > 0) parts.push(micros);
  return parts;
}

/**
 * Python's `repr` of a typed scalar, as in `Decimal('1.10')` and `datetime.datetime(2024, 5, 6, 7, 8)`.
 *
 * [REPR-SCALAR] Source: CPython 3.11, Lib/datetime.py, Lib/_pydecimal.py, Lib/uuid.py `__repr__`.
 */
export function scalarRepr({ kind, text }: PythonScalar): string {
  if (kind === 'decimal') return `Decimal(${stringRepr(text)})`;
  if (kind === 'uuid') return `UUID(${stringRepr(text)})`;
  if (kind === 'date') return `datetime.date(${text.split('-').map(Number).join(', ')})`;
  const [, year, month, day, hour = '', minute = '', second = '', fraction, zone] =
    /^(?:(\d+)-(\d\d)-(\d\d)T)?(\d\d):(\d\d):(\d\d)(?:\.(\d{6}))?(.*)$/.exec(text) ?? [];
  const parts = clockParts(hour, minute, second, fraction);
  if (kind === 'time') return `datetime.time(${parts.join(', ')}${zoneRepr(zone)})`;
  return `datetime.datetime(${[Number(year), Number(month), Number(day), ...parts].join(', ')}${zoneRepr(zone)})`;
}
