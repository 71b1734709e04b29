import { DecodeError } from '../protocol-error.ts';

/** The refusal of a body that is larger than its reader allows, as it came or once decompressed. */
export function bodyTooLarge(maxBytes: number, cause?: unknown): DecodeError {
  return new DecodeError(`the body is larger than ${maxBytes} bytes`, { reason: 'body-too-large', cause });
}

const firstBytes = 16 * 1024;

/**
 * What a decompressor writes to: grows as bytes come, and ends the decompression with the byte that is one too many, so
 * that a bomb costs no more memory than the largest body.
 */
export class CappedOutput {
  /** Bytes written so far. */
  length = 0;
  /** Room for the bytes; those from `length` on mean nothing. Another buffer after each {@link reserve}. */
  bytes: Buffer;
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
    this.bytes = Buffer.allocUnsafe(Math.min(firstBytes, maxBytes));
  }

  /**
   * Makes room for `count` more bytes.
   *
   * @throws DecodeError with reason `body-too-large` when there must not be so many
   */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    if (needed > this.maxBytes) throw bodyTooLarge(this.maxBytes);
    const grown = Buffer.allocUnsafe(Math.min(this.maxBytes, Math.max(needed, this.bytes.length * 2)));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  /** @throws DecodeError with reason `body-too-large` */
  writeByte(byte: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length] = byte;
    this.length += 1;
  }

  /** @throws DecodeError with reason `body-too-large` */
  write(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** The bytes written, without a copy. */
  written(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
}
