import { decodeContentHeader, PROPERTY_FLAG } from './content-header.ts';

/** A header frame's payload from the property flags on: a table of one field `x`, an array of so many items. */
function headerOf(item: string, count: number): Buffer {
  const items = Buffer.from(item.repeat(count), 'hex');
  const field = Buffer.concat([Buffer.from('0178' + '41', 'hex'), lengthOf(items), items]);
  const flags = Buffer.alloc(2);
  flags.writeUInt16BE(PROPERTY_FLAG.headers);
  return Buffer.concat([flags, lengthOf(field), field]);
}

function lengthOf({ length }: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}

const nothing = '56';
const emptyTable = '4600000000';
const emptyArray = '4100000000';

describe('the header table of a message', () => {
  it.each([
    ['nulls', nothing],
    ['tables', emptyTable],
    ['arrays', emptyArray],
  ])('is damaged beyond ten thousand fields: %s', (_, item) => {
    expect(decodeContentHeader(headerOf(item, 9_000), 0).damage).toBeUndefined();
    const { damage, headers } = decodeContentHeader(headerOf(item, 20_000), 0);
    expect([damage?.message, headers]).toEqual(['a table has more than 10000 fields', {}]);
  });

  it('says about how much memory it takes', () => {
    const few = decodeContentHeader(headerOf(emptyTable, 10), 0).bytes;
    const many = decodeContentHeader(headerOf(emptyTable, 1010), 0).bytes;
    expect(many - few).toBeGreaterThan(1000 * 56);
  });
});
