// the package's own entry is a stream that holds a block of up to 46 MB before anyone can refuse it; below it, the
// decoder hands out byte by byte
import bitIterator from 'unbzip2-stream/lib/bit_iterator.js';
import bzip2 from 'unbzip2-stream/lib/bzip2.js';
import { CappedOutput } from './capped-output.ts';

const blockUnitBytes = 100_000;

/**
 * Decompresses bzip2, several streams in a row included, as Python's `bz2.decompress` does.
 *
 * @throws DecodeError with reason `body-too-large`; what else it throws means that the data is corrupt
 */
export function decompressBzip2(body: Buffer, maxBytes: number): Buffer {
  const output = new CappedOutput(maxBytes);
  const writeByte = (byte: number): void => {
    output.writeByte(byte);
  };
  const inputs = [body];
  const bits = bitIterator(() => inputs.shift());
  let block = new Int32Array(0);
  do {
    const blockLength = bzip2.header(bits) * blockUnitBytes;
    // one for all blocks: a body can have thousands that are nearly empty
    if (block.length < blockLength) block = new Int32Array(blockLength);
    let checksum: number | null = 0;
    while (checksum !== null) checksum = bzip2.decompress(bits, writeByte, block, blockLength, checksum);
  } while (bits.bytesRead < body.length);
  return output.written();
}
