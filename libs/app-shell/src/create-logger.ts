import type { Logger } from '@celeriac/primitives';
import { pino } from 'pino';
import { boundLogFields, logLimits } from './bound-log-fields.ts';
import { cutText } from './cut-text.ts';
import { openLogDestination } from './log-destination.ts';
import { maskCredentials } from './mask-credentials.ts';

/** The least level that is logged; `silent` logs nothing. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** What logs, such as the app's or the queue's name; the field `name` of every line. */
  readonly name: string;
  /** Where finished lines go. Default: standard output, as `openLogDestination` writes it. */
  readonly destination?: LogDestination | undefined;
}

/** Where finished lines go. */
export interface LogDestination {
  write(line: string): void;
  /** Takes the function that logs how many lines the destination dropped. */
  onLoss?(report: (count: number) => void): void;
  /** Resolves when all lines are written, or after a time. */
  flush?(timeoutMs: number): Promise<void>;
}

/**
 * A logger that writes one JSON object per line, with the fields `level` (a word), `time` (ISO 8601), `pid`,
 * `hostname`, `name` and `msg` beside the line's own.
 *
 * An error under the field `err` is written with type, message, stack and causes. Texts, objects and arrays are bounded
 * (`boundLogFields`), as callers choose what is in them. User and password of any URL in a line are replaced by `**`,
 * wherever they stand, in the text of an error too.
 */
export function createLogger({ level, name, destination = openLogDestination() }: LoggerOptions): Logger {
  const options: pino.LoggerOptions = {
    level,
    name,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: boundLogFields },
    serializers: { err: (bounded: unknown) => bounded },
    hooks: {
      logMethod([fields, message = ''], log) {
        log.call(this, fields, cutText(message, logLimits.text)); // a Logger takes these two
      },
      streamWrite: maskCredentials,
    },
  };
  const logger = pino(options, destination);
  destination.onLoss?.((count) => {
    // who asked for errors alone must hear of those that are missing
    const report = logger.isLevelEnabled('warn') ? 'warn' : 'error';
    logger[report]({ count }, 'log lines were dropped, their reader was behind');
  });
  return logger;
}
