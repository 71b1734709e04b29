import type { Logger } from '@celeriac/primitives';
import { pino } from 'pino';
import { openLogDestination } from './log-destination.ts';
import { maskCredentials } from './mask-credentials.ts';

/** The least level that is logged; `silent` logs nothing. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** What logs, such as the app's or the queue's name; the field `name` of every line. */
  readonly name: string;
  /** Where finished lines go. Default: standard output, as `openLogDestination` writes it. */
  readonly destination?: { write(line: string): void } | undefined;
}

/**
 * A logger that writes one JSON object per line, with the fields `level` (a word), `time` (ISO 8601), `pid`,
 * `hostname`, `name` and `msg` beside the line's own.
 *
 * An error under the field `err` is written with type, message, stack and causes. User and password of any URL in a
 * line are replaced by `**`, wherever they stand, in the text of an error too.
 */
export function createLogger({ level, name, destination = openLogDestination() }: LoggerOptions): Logger {
  const options: pino.LoggerOptions = {
    level,
    name,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    hooks: { streamWrite: maskCredentials },
  };
  return pino(options, destination);
}
