import { writeSync } from 'node:fs';
import { Writable } from 'node:stream';

/** After this time a write that failed is tried again, in ms: the terminal was stopped, or the disk full. */
const retryMs = 20;

/**
 * A stream to a file descriptor that writes before `write` returns if the system takes the bytes, and keeps what it
 * does not take for later. No error ends the stream.
 *
 * The descriptor must be one that does not block: a file, a device, or a terminal opened as non-blocking.
 */
export function openFileDescriptorStream(fd: number): Writable {
  function writeAll(chunk: Buffer, done: () => void): void {
    let rest = chunk;
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
    } catch {
      setTimeout(() => {
        writeAll(rest, done);
      }, retryMs).unref();
      return;
    }
    done();
  }
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      writeAll(chunk, done);
    },
  });
}
