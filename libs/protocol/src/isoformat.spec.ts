import { loadPureFunctions } from '@celeriac/testing';
import { parseIsoformat, pythonIsoformat } from './isoformat.ts';
import { DecodeError, EncodeError } from './protocol-error.ts';

interface EtaVector {
  readonly input: unknown;
  readonly ok: boolean;
  readonly utc?: string | null;
}

const vectors = loadPureFunctions()['eta_parse'] as readonly EtaVector[];
// numbers and the empty text are for the reader of the headers, which takes them apart before
const texts = vectors.filter(
  (vector): vector is EtaVector & { input: string } =>
    typeof vector.input === 'string' && vector.input !== '',
);

describe('parseIsoformat', () => {
  it.each(texts.filter(({ ok }) => ok))('reads $input', ({ input, utc }) => {
    const milliseconds = utc?.replace(/(\.\d{3})\d{3}/, '$1') ?? '';
    expect(parseIsoformat(input)).toEqual(new Date(milliseconds));
  });

  it.each(texts.filter(({ ok }) => !ok))('refuses $input', ({ input }) => {
    expect(() => parseIsoformat(input)).toThrow(DecodeError);
  });

  it.each([
    ['2024-05-06x07:08:09,25-03:30', '2024-05-06T10:38:09.250Z'],
    ['2024-05-06T07:08:09+0130', '2024-05-06T05:38:09Z'],
    ['2024-05-06T070809.5z', '2024-05-06T07:08:09.5Z'],
    ['2024-05-06T24:00', '2024-05-07T00:00:00Z'],
    ['2020W537', '2021-01-03T00:00:00Z'],
    ['2024366', '2024-12-31T00:00:00Z'],
    ['0001-01-01', '0001-01-01T00:00:00Z'],
    ['2000-02-29', '2000-02-29T00:00:00Z'],
  ])('reads %s', (text, instant) => {
    expect(parseIsoformat(text)).toEqual(new Date(instant));
  });

  it.each([
    ['1900-02-29'],
    ['2023-366'],
    ['2024-W54-1'],
    ['2024-W01-8'],
    ['2024W110708'],
    ['2024-W11T07:08'],
    ['2024-00'],
    ['0000-01-01'],
    ['202405'],
    ['2024-05-06T'],
    ['2024-05-06T7'],
    ['2024-05-06T07:0809'],
    ['2024-05-06T25:00'],
    ['2024-05-06T24:00:01'],
    ['2024-05-06T07:60'],
    ['2024-05-06T07:08+24:00'],
    ['2024-05-06T07:08+01:60'],
    ['2024-05T07:08'],
    ['２０２４-05-06'],
  ])('refuses %s', (text) => {
    expect(() => parseIsoformat(text)).toThrow(`got ${JSON.stringify(text)}`);
  });
});

describe('pythonIsoformat', () => {
  it.each([
    ['2026-11-22T10:24:12.805Z', '2026-11-22T10:24:12.805000+00:00'],
    ['2026-11-22T10:24:12Z', '2026-11-22T10:24:12+00:00'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00+00:00'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999000+00:00'],
  ])('writes %s as %s', (instant, text) => {
    expect(pythonIsoformat(new Date(instant))).toBe(text);
    expect(parseIsoformat(text)).toEqual(new Date(instant));
  });

  it.each([[new Date(NaN)], [new Date('+010000-01-01T00:00:00Z')], [new Date('0000-12-31T23:59:59Z')]])(
    'refuses %p',
    (date) => {
      expect(() => pythonIsoformat(date)).toThrow(EncodeError);
    },
  );
});
