import type { LogFields, Logger } from '@celeriac/primitives';

/**
 * A logger for the person who typed a command: one readable line each, debug lines dropped.
 *
 * @param write takes each line with its newline; default standard error, so that standard output stays the program's own
 */
export function progressLog(
  write: (line: string) => void = (line) => void process.stderr.write(line),
): Logger {
  const print = (fields: LogFields, message: string): void => {
    const shown = Object.entries(fields).map(([name, value]) => ` ${name}=${inline(value)}`);
    write(`${message}${shown.join('')}\n`);
  };
  return {
    debug: () => {
      // details are for a log file, not for a terminal
    },
    info: print,
    warn: print,
    error: print,
  };
}

function inline(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
