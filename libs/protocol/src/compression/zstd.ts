import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import { bodyTooLarge, CappedOutput } from './capped-output.ts';
import type { ZstdFrame } from './zstd-frames.ts';
import { zstdFrames } from './zstd-frames.ts';

/** What node:zlib has from Node 22.15 on; the types that we compile against are those of Node 20. */
interface NativeZstd {
  zstdCompressSync(body: Buffer): Buffer;
  zstdDecompressSync(body: Buffer, options: { readonly maxOutputLength: number }): Buffer;
}

const native: Partial<NativeZstd> = zlib as unknown as Partial<NativeZstd>;

/** The window that every reader of zstd must have room for (RFC 8878, 3.1.1.1.2). A larger one must fit the largest body. */
const leastMaxWindowBytes = 8 * 1024 * 1024;
/** Frames that a body may have: each costs a decoder, even when it is empty. */
const maxFrames = 1000;
/** Bytes that fzstd may move for one body: it shifts its whole window with each block, however small. */
const maxShiftedBytes = 4 * 1024 ** 3;

/** Compresses into one frame; undefined where Node is older than 22.15 and no library writes zstd synchronously. */
export const compressZstd: ((body: Buffer) => Buffer) | undefined = native.zstdCompressSync;

function decodeNatively(
  frame: ZstdFrame,
  output: CappedOutput,
  decode: NativeZstd['zstdDecompressSync'],
): void {
  // node:zlib takes no limit of 0
  const maxOutputLength = Math.max(1, output.maxBytes - output.length);
  output.write(decode(frame.bytes, { maxOutputLength }));
}

function checkCost(frames: readonly ZstdFrame[], maxBytes: number): void {
  if (frames.length > maxFrames)
    throw new Error(`a body must have at most ${maxFrames} frames, got ${frames.length}`);
  const maxWindowBytes = Math.max(leastMaxWindowBytes, maxBytes);
  const windowBytes = Math.max(...frames.map((frame) => frame.windowBytes));
  if (windowBytes > maxWindowBytes) {
    throw new Error(`a window must be at most ${maxWindowBytes} bytes, got ${windowBytes}`);
  }
  if (native.zstdDecompressSync !== undefined) return;
  const shifted = frames.reduce((sum, frame) => sum + frame.blocks * frame.windowBytes, 0);
  if (shifted > maxShiftedBytes)
    throw new Error('so many blocks of so large a window need Node 22.15 or newer');
}

function decodeInJavaScript(frame: ZstdFrame, output: CappedOutput): void {
  const stream = new Decompress((chunk) => {
    output.write(chunk);
  });
  stream.push(frame.bytes, true);
}

function decodeFrame(frame: ZstdFrame, output: CappedOutput): void {
  const { contentBytes } = frame;
  const start = output.length;
  if (native.zstdDecompressSync === undefined) decodeInJavaScript(frame, output);
  else decodeNatively(frame, output, native.zstdDecompressSync);
  if (contentBytes !== undefined && output.length - start !== contentBytes) {
    throw new Error(
      `a frame must hold the ${contentBytes} bytes that it promises, got ${output.length - start}`,
    );
  }
}

/**
 * Decompresses zstd, several frames in a row included. Node decodes where it can, else fzstd, which checks no checksums.
 *
 * @throws DecodeError with reason `body-too-large`; what else it throws means that the data is corrupt
 */
export function decompressZstd(body: Buffer, maxBytes: number): Buffer {
  const output = new CappedOutput(maxBytes);
  const frames = zstdFrames(body);
  if (frames.some(({ contentBytes = 0 }) => contentBytes > maxBytes)) throw bodyTooLarge(maxBytes);
  checkCost(frames, maxBytes);
  for (const frame of frames) decodeFrame(frame, output);
  return output.written();
}
