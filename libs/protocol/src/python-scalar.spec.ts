import { IllegalStateError } from '@celeriac/primitives';
import { EncodeError } from './protocol-error.ts';
import { pythonRepr, pythonStr } from './python-repr.ts';
import type { PythonScalarKind } from './python-scalar.ts';
import { PythonScalar } from './python-scalar.ts';

/** What Python 3.11 gives for each: text in, `isoformat()` or `str()`, `repr()`. */
const scalars: readonly (readonly [PythonScalarKind, string, string, string])[] = [
  ['decimal', '1000E-2', '10.00', "Decimal('10.00')"],
  ['decimal', '1e-7', '1E-7', "Decimal('1E-7')"],
  ['decimal', '0.000001', '0.000001', "Decimal('0.000001')"],
  ['decimal', '12.3E5', '1.23E+6', "Decimal('1.23E+6')"],
  ['decimal', '0E+3', '0E+3', "Decimal('0E+3')"],
  ['decimal', '00012.50', '12.50', "Decimal('12.50')"],
  ['decimal', '1_000.5', '1000.5', "Decimal('1000.5')"],
  ['decimal', 'NaN0012', 'NaN12', "Decimal('NaN12')"],
  ['decimal', '-snan', '-sNaN', "Decimal('-sNaN')"],
  ['decimal', '-inf', '-Infinity', "Decimal('-Infinity')"],
  ['datetime', '20240506', '2024-05-06T00:00:00', 'datetime.datetime(2024, 5, 6, 0, 0)'],
  ['datetime', '2024W191', '2024-05-06T00:00:00', 'datetime.datetime(2024, 5, 6, 0, 0)'],
  ['datetime', '2024-W19', '2024-05-06T00:00:00', 'datetime.datetime(2024, 5, 6, 0, 0)'],
  ['datetime', '2024-W19-1T07:08', '2024-05-06T07:08:00', 'datetime.datetime(2024, 5, 6, 7, 8)'],
  ['datetime', '20240506T070809', '2024-05-06T07:08:09', 'datetime.datetime(2024, 5, 6, 7, 8, 9)'],
  [
    'datetime',
    '2024-05-06T07:08:09,1234567',
    '2024-05-06T07:08:09.123456',
    'datetime.datetime(2024, 5, 6, 7, 8, 9, 123456)',
  ],
  [
    'datetime',
    '2024-05-06T07:08:09-00:00',
    '2024-05-06T07:08:09+00:00',
    'datetime.datetime(2024, 5, 6, 7, 8, 9, tzinfo=datetime.timezone.utc)',
  ],
  [
    'datetime',
    '2024-05-06T07:08:09+0130',
    '2024-05-06T07:08:09+01:30',
    'datetime.datetime(2024, 5, 6, 7, 8, 9, tzinfo=datetime.timezone(datetime.timedelta(seconds=5400)))',
  ],
  [
    'datetime',
    '2024-05-06T07:08:09+01:30:15.5',
    '2024-05-06T07:08:09+01:30:15.500000',
    'datetime.datetime(2024, 5, 6, 7, 8, 9, tzinfo=datetime.timezone(datetime.timedelta(seconds=5415, microseconds=500000)))',
  ],
  ['date', '2024-05-06T23:59', '2024-05-06', 'datetime.date(2024, 5, 6)'],
  ['time', 'T07:08', '07:08:00', 'datetime.time(7, 8)'],
  ['time', '070809', '07:08:09', 'datetime.time(7, 8, 9)'],
  ['time', '07', '07:00:00', 'datetime.time(7, 0)'],
  [
    'time',
    '07:08:09.5Z',
    '07:08:09.500000+00:00',
    'datetime.time(7, 8, 9, 500000, tzinfo=datetime.timezone.utc)',
  ],
  [
    'time',
    '07:08-00:30',
    '07:08:00-00:30',
    'datetime.time(7, 8, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=84600)))',
  ],
  [
    'uuid',
    '{urn:uuid:12345678-1234-5678-1234-56781234567A}',
    '12345678-1234-5678-1234-56781234567a',
    "UUID('12345678-1234-5678-1234-56781234567a')",
  ],
];

describe('PythonScalar', () => {
  it.each(scalars)('takes the %s %s as Python reads it', (kind, text, normal, repr) => {
    const scalar = new PythonScalar(kind, text);
    expect(scalar.text).toBe(normal);
    expect(pythonRepr(scalar)).toBe(repr);
    expect(new PythonScalar(kind, normal).text).toBe(normal);
  });

  it.each<[PythonScalarKind, string]>([
    ['decimal', 'one'],
    ['decimal', ''],
    ['datetime', '2024-05-06T'],
    ['datetime', '2024-05-06 07:08z'],
    ['datetime', '2024-05-06TT07'],
    ['datetime', '2024-05-06T07:0809'],
    ['datetime', '2024-05-06T24:00'],
    ['datetime', '2024-13-01'],
    ['datetime', 'soon'],
    ['date', '2024-W54-1'],
    ['time', '25:00'],
    ['uuid', '1234'],
  ])('refuses the %s %j', (kind, text) => {
    expect(() => new PythonScalar(kind, text)).toThrow(EncodeError);
  });

  it.each<[PythonScalarKind, string, string]>([
    ['datetime', '2024-05-06T07:08:09.123456+02:00', '2024-05-06T05:08:09.123Z'],
    ['datetime', '2024-05-06T07:08:09-03:30', '2024-05-06T10:38:09Z'],
    ['datetime', '2024-05-06T07:08:09', '2024-05-06T07:08:09Z'],
    ['date', '2024-05-06', '2024-05-06T00:00:00Z'],
  ])('gives the instant of the %s %s', (kind, text, instant) => {
    expect(new PythonScalar(kind, text).toDate()).toEqual(new Date(instant));
  });

  it('has no date when it is a time, a decimal or a uuid', () => {
    expect(() => new PythonScalar('time', '07:08').toDate()).toThrow(IllegalStateError);
  });

  it('shows a datetime with a space in str, and gives plain JSON its text', () => {
    const scalar = new PythonScalar('datetime', '2024-01-01');
    expect(pythonStr(scalar)).toBe('2024-01-01 00:00:00');
    expect(JSON.stringify(scalar)).toBe('"2024-01-01T00:00:00"');
  });
});
