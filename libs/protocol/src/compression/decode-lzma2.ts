import type { CappedOutput } from './capped-output.ts';
import { LzmaDecoder } from './lzma-decoder.ts';
import { LzmaRangeDecoder } from './lzma-range-decoder.ts';

/*
 * data  = chunk… 00
 * chunk = 01 size-1 (16 bits) bytes          stored, the dictionary begins anew
 *       | 02 size-1 (16 bits) bytes          stored
 *       | control (100/101/110/111, bits 20–16 of size-1) bits 15–0 of size-1, packed size-1 (16 bits) [properties] packed
 *
 * control: 100 goes on, 101 resets the state, 110 also brings properties, 111 also begins the dictionary anew
 */

/**
 * Decodes LZMA2, which begins at `start`, and returns where it ends.
 *
 * Source: The .xz file format 1.2.1, section 5.3.1; xz 5.6, liblzma/lzma/lzma2_decoder.c.
 *
 * @throws DecodeError with reason `body-too-large`
 * @throws Error when the data is corrupt
 */
export function decodeLzma2(input: Buffer, start: number, output: CappedOutput): number {
  let position = start;
  let dictionaryStart: number | undefined;
  let properties: number | undefined;
  let decoder: LzmaDecoder | undefined;
  for (;;) {
    const control = input.readUInt8(position);
    if (control === 0) return position + 1;
    const beginsDictionary = control === 1 || control >= 0xe0;
    if (beginsDictionary) dictionaryStart = output.length;
    if (dictionaryStart === undefined) throw new Error('the first chunk must begin a dictionary');
    const lowSize = input.readUInt16BE(position + 1);
    if (control < 0x80) {
      if (control > 2) throw new Error(`the control byte of a chunk must not be ${control}`);
      position += 3;
      const end = position + lowSize + 1;
      if (end > input.length) throw new Error('a stored chunk ends too early');
      output.write(input.subarray(position, end));
      if (beginsDictionary) decoder = undefined;
      position = end;
      continue;
    }
    const packedEnd = input.readUInt16BE(position + 3) + 1;
    position += 5;
    if (control >= 0xc0) {
      properties = input.readUInt8(position);
      position += 1;
    }
    if (control >= 0xa0) {
      if (properties === undefined) throw new Error('a chunk comes before its properties');
      decoder = new LzmaDecoder(properties);
    }
    if (decoder === undefined) throw new Error('a chunk goes on where nothing has begun');
    const end = position + packedEnd;
    if (end > input.length) throw new Error('a packed chunk ends too early');
    const range = new LzmaRangeDecoder(input, position, end);
    decoder.decode(range, output, ((control & 0x1f) << 16) + lowSize + 1, dictionaryStart);
    if (!range.isFinished) throw new Error('a chunk holds more than its size says');
    position = end;
  }
}
