/** The polynomial of ECMA-182, its bits reversed, in two halves: JavaScript's bit operations take 32 bits. */
const polynomialHigh = 0xc96c5795;
const polynomialLow = 0xd7870f42;

const tableHigh = new Uint32Array(256);
const tableLow = new Uint32Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  let high = 0;
  let low = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    const isOdd = (low & 1) === 1;
    low = ((low >>> 1) | (high << 31)) >>> 0;
    high >>>= 1;
    if (isOdd) {
      low ^= polynomialLow;
      high ^= polynomialHigh;
    }
  }
  tableHigh[byte] = high;
  tableLow[byte] = low;
}

/** The CRC-64 of `bytes` as xz writes it: eight bytes, the lowest first. */
export function crc64(bytes: Uint8Array): Buffer {
  let high = 0xffffffff;
  let low = 0xffffffff;
  for (const byte of bytes) {
    const index = (low ^ byte) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ (tableLow[index] ?? 0);
    high = (high >>> 8) ^ (tableHigh[index] ?? 0);
  }
  const checksum = Buffer.allocUnsafe(8);
  checksum.writeUInt32LE(~low >>> 0, 0);
  checksum.writeUInt32LE(~high >>> 0, 4);
  return checksum;
}
