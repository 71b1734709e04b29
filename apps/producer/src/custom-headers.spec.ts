import { parseJson } from '@celeriac/protocol';

import { headerComplaints } from './custom-headers.ts';

describe('headerComplaints', () => {
  it.each<[string, string, string]>([
    ['{"x": NaN}', '/options/headers/x', 'cannot be NaN'],
    ['{"x": -Infinity}', '/options/headers/x', 'cannot be -Infinity'],
    ['{"x": [{"y": 1e999}]}', '/options/headers/x/0/y', 'cannot be Infinity'],
  ])('refuses %s, which no broker reads, before anything is sent', (text, field, message) => {
    const headers = parseJson(text, { floats: 'keep' }) as Record<string, unknown>;
    expect(headerComplaints(headers, '/options/headers')).toEqual([
      { field, message: `${message}, which no broker reads; send it as a string` },
    ]);
  });

  it('takes finite numbers', () => {
    const headers = parseJson('{"x": 2.0, "y": 1e308, "z": -0.0}', { floats: 'keep' }) as Record<
      string,
      unknown
    >;
    expect(headerComplaints(headers, '/options/headers')).toEqual([]);
  });
});
