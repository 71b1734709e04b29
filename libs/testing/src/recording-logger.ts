import type { LogFields, Logger } from '@celeriac/primitives';

/** A line that a {@link RecordingLogger} took. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

/** Keeps what is logged, for specs that assert on it; prints nothing. */
export class RecordingLogger implements Logger {
  readonly #lines: LogLine[] = [];

  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  /** The fields of each line with this message, in order. */
  fieldsOf(message: string): LogFields[] {
    return this.#lines.filter((line) => line.message === message).map(({ fields }) => fields);
  }

  debug(fields: LogFields, message: string): void {
    this.#lines.push({ level: 'debug', message, fields });
  }

  info(fields: LogFields, message: string): void {
    this.#lines.push({ level: 'info', message, fields });
  }

  warn(fields: LogFields, message: string): void {
    this.#lines.push({ level: 'warn', message, fields });
  }

  error(fields: LogFields, message: string): void {
    this.#lines.push({ level: 'error', message, fields });
  }
}
