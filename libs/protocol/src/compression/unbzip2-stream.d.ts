declare module 'unbzip2-stream/lib/bit_iterator.js' {
  /** Reads `count` bits; null skips to the next whole byte. Throws at the end of the input. */
  export interface BitReader {
    (count: number | null): number;
    bytesRead: number;
  }
  export default function bitIterator(nextBuffer: () => Uint8Array | undefined): BitReader;
}

declare module 'unbzip2-stream/lib/bzip2.js' {
  import type { BitReader } from 'unbzip2-stream/lib/bit_iterator.js';

  const bzip2: {
    /** Reads the header of a stream: its block size in units of 100,000 bytes. */
    header(bits: BitReader): number;
    /** Reads one block, and returns the checksum so far, or null after the end of the stream. */
    decompress(
      bits: BitReader,
      onByte: (byte: number) => void,
      block: Int32Array,
      blockLength: number,
      checksum: number,
    ): number | null;
  };
  export default bzip2;
}
