import { IllegalStateError } from '@celeriac/primitives';
import { normalizeDatetime, normalizeTime } from './datetime-text.ts';
import { normalizeDecimal } from './decimal-text.ts';
import { EncodeError } from './protocol-error.ts';
import { stripCharacters } from './strip-characters.ts';

/** The types of Python that JSON carries in an envelope and JavaScript lacks. */
export type PythonScalarKind = 'datetime' | 'date' | 'time' | 'decimal' | 'uuid';

/** `str(UUID(hex=text))`; undefined when Python would refuse the text. */
function normalizeUuid(text: string): string | undefined {
  const digits = stripCharacters(text.replace('urn:', '').replace('uuid:', ''), '{}')
    .replaceAll('-', '')
    .toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(digits)) return undefined;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const normalizers: Readonly<Record<PythonScalarKind, (text: string) => string | undefined>> = {
  datetime: normalizeDatetime,
  date: (text) => normalizeDatetime(text)?.slice(0, 10),
  time: normalizeTime,
  decimal: normalizeDecimal,
  uuid: normalizeUuid,
};

/**
 * A typed scalar that JavaScript lacks, kept as the text that Python gives for it, so that a Decimal's zeros and a
 * datetime's microseconds survive.
 */
export class PythonScalar {
  readonly kind: PythonScalarKind;
  /** `isoformat()` of a datetime, date or time; `str()` of a Decimal or UUID. */
  readonly text: string;

  /** @throws EncodeError when Python could not read `text` as a `kind` */
  constructor(kind: PythonScalarKind, text: string) {
    const normal = normalizers[kind](text);
    if (normal === undefined) {
      throw new EncodeError(
        `a PythonScalar of kind ${kind} must have a text that Python reads as one, got ${JSON.stringify(text.slice(0, 64))}`,
      );
    }
    this.kind = kind;
    this.text = normal;
  }

  /**
   * The instant of a datetime, to the millisecond, or midnight of a date; UTC where the text has no zone.
   *
   * @throws IllegalStateError when the kind is another
   */
  toDate(): Date {
    if (this.kind !== 'datetime' && this.kind !== 'date') {
      throw new IllegalStateError(
        `a PythonScalar of kind ${this.kind} has no date: only datetime and date have one`,
      );
    }
    if (this.kind === 'date') return new Date(`${this.text}T00:00:00Z`);
    const wall = this.text.slice(0, 19);
    const [, fraction = '', sign, hours = '0', minutes = '0', seconds = '0'] =
      /^(\.\d{6})?(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?/.exec(this.text.slice(19)) ?? [];
    const zoneMs = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
    const millis = Date.parse(`${wall}${fraction.slice(0, 4)}Z`);
    return new Date(sign === '-' ? millis + zoneMs : millis - zoneMs);
  }

  /** The text. */
  toString(): string {
    return this.text;
  }

  /** The text, for writers that know nothing of Python. */
  toJSON(): string {
    return this.text;
  }
}
