import { loadPureFunctions } from '@celeriac/testing';
import { writeJsonString } from './json-string.ts';

const vectors = loadPureFunctions()['string_to_json'] as readonly { utf16be_hex: string; json: string }[];

describe('writeJsonString', () => {
  it.each(vectors)('writes $utf16be_hex as $json', ({ utf16be_hex: hex, json }) => {
    expect(writeJsonString(Buffer.from(hex, 'hex').swap16().toString('utf16le'))).toBe(json);
  });
});
