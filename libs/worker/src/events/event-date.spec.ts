import { parseIsoformat } from '@celeriac/protocol';
import { eventDate } from './event-date.ts';

describe('eventDate', () => {
  it.each([
    ['2030-01-02T03:04:05.678901+00:00', '2030-01-02T03:04:05.678901+00:00'],
    ['2030-01-02T03:04:05+02:00', '2030-01-02T03:04:05+02:00'],
    ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00+00:00'],
    ['2020-01-01T00:00:00', '2020-01-01T00:00:00+00:00'],
    ['2020-01-01T00:00:00.000000+00:00', '2020-01-01T00:00:00+00:00'],
    ['20200101T00:00:00.5Z', '2020-01-01T00:00:00.500000+00:00'],
  ])('tells %s as Python does: %s', (header, told) => {
    expect(eventDate(parseIsoformat(header), header)).toBe(told);
  });

  it('is null for no date, and needs no header', () => {
    expect(eventDate(undefined, null)).toBeNull();
    expect(eventDate(new Date(0), undefined)).toBe('1970-01-01T00:00:00+00:00');
  });
});
