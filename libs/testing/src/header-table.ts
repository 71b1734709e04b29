import { FieldWriter } from './amqp-frames.ts';

/** A field of a header table as raw bytes: name, type letter, encoded value. */
export type RawField = readonly [name: string, typeLetter: string, value: Buffer];

/**
 * Content header payload from the property flags on, with a header table of exactly these fields and no other property:
 * for values and type letters that no well-behaved encoder writes.
 */
export function rawHeaders(...fields: readonly RawField[]): Buffer {
  const table = new FieldWriter();
  for (const [name, typeLetter, value] of fields)
    table.shortString(name).raw(Buffer.from(typeLetter, 'latin1')).raw(value);
  return new FieldWriter()
    .short(1 << 13)
    .long(table.bytes.length)
    .raw(table.bytes).bytes;
}
