import { constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { openFileDescriptorStream } from './file-descriptor-stream.ts';
import { LogStream } from './log-stream.ts';

/** The destinations of standard output and standard error: one each, however many loggers write there. */
const standardDestinations = new Map<number, LogStream>();

/**
 * Where log lines go by default: a file descriptor, standard output unless given.
 *
 * A line is written before the call returns, unless the reader is behind. The program never waits for the reader, or
 * for a disk that is full: lines are dropped then, counted, and the count is logged (`LogStream`). A reader that has
 * gone ends nothing.
 *
 * Sonic-boom, pino's own destination, does not do: synchronous, it stops the event loop at a full pipe; asynchronous, it
 * blocks a thread of libuv's pool, and Node waits for that thread before it exits.
 */
export function openLogDestination(fd = 1): LogStream {
  const opened = standardDestinations.get(fd);
  if (opened !== undefined) return opened;
  const destination = new LogStream(openStream(fd));
  if (fd === 1 || fd === 2) standardDestinations.set(fd, destination);
  return destination;
}

function openStream(fd: number): Writable {
  const stat = fstatSync(fd);
  if (!stat.isFIFO() && !stat.isSocket())
    return openFileDescriptorStream(isatty(fd) ? (reopenTerminal(fd) ?? fd) : fd);
  // libuv makes pipes and sockets non-blocking; it refuses to open one twice, hence the streams of the process
  if (fd === 1) return process.stdout;
  if (fd === 2) return process.stderr;
  return new Socket({ fd, readable: false, writable: true }).unref();
}

/** The terminal once more, non-blocking: a user who stops its output (Ctrl-S) must not stop the worker. */
function reopenTerminal(fd: number): number | undefined {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined; // not Linux
  }
}
