/** Fields of a log line; values are written as JSON. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * What a library needs of a logger: a constant message plus fields, in pino's order of arguments.
 *
 * `info` is for what an operator follows, `warn` for what recovered, `error` for what needs a person.
 */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

function discard(): void {
  // a silent logger keeps nothing
}

/** Drops every line; the default where no logger is given. */
export const silentLogger: Logger = { debug: discard, info: discard, warn: discard, error: discard };
