import { coerceError } from './coerce-error.ts';
import type { LogFields, Logger } from './logger.ts';

/**
 * A logger whose calls never throw. A line that `logger` cannot write, such as one with a frozen error or with a getter
 * that throws, is written with the fields that can be read, and why.
 */
export function guardLogger(logger: Logger): Logger {
  return {
    debug: guarded(logger, 'debug'),
    info: guarded(logger, 'info'),
    warn: guarded(logger, 'warn'),
    error: guarded(logger, 'error'),
  };
}

function guarded(logger: Logger, level: keyof Logger): (fields: LogFields, message: string) => void {
  return (fields, message) => {
    try {
      logger[level](fields, message);
    } catch (caught) {
      try {
        logger[level]({ ...readable(fields), unwritten: coerceError(caught).message }, message);
      } catch {
        // a logger that cannot write this line either must not cost the task that it is about
      }
    }
  };
}

/** The fields that are texts, numbers or booleans, and errors as texts. */
function readable(fields: LogFields): LogFields {
  const kept: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) {
    const value = Object.getOwnPropertyDescriptor(fields, name)?.value as unknown;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      kept[name] = value;
    else if (name === 'err') kept[name] = copyOf(coerceError(value));
  }
  return kept;
}

/** An error of our own with the texts of another: without its fields, and not frozen. */
function copyOf(error: Error): Error {
  const copy = new Error(error.message);
  copy.name = error.name;
  if (error.stack !== undefined) copy.stack = error.stack;
  return copy;
}
