import { pino } from 'pino';

/** More than this is not kept of lines that cannot be written, in bytes. */
const mostKeptBytes = 1024 * 1024;

/**
 * Where log lines go by default: a file descriptor, standard output unless told otherwise.
 *
 * Each line is written before the call returns, so that none is lost when the process ends. (pino's own default writes
 * later, and its flush at exit never ends when the reader of the pipe has gone.) When writing fails, because the reader
 * has gone or the disk is full, lines are dropped and the program goes on: its work matters more than its words.
 */
export function openLogDestination(fd = 1): pino.DestinationStream {
  const destination = pino.destination({ fd, sync: true, maxLength: mostKeptBytes });
  destination.on('error', () => undefined); // without a listener the error would end the process
  return destination;
}
