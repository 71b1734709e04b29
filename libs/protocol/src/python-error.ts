import { CeleryError } from '@celeriac/primitives';
import { exceptionText } from './exception-text.ts';

export interface PythonErrorOptions extends ErrorOptions {
  /** Module of the Python class. Default `builtins`. */
  readonly excModule?: string;
}

/**
 * A failure that Python shall see as an exception of a chosen type. A task throws it; `excArgs` become the exception's
 * `args`, and `message` is what Python's `str(exc)` gives.
 *
 * @example
 * throw new PythonError('KeyError', ['num_1']);
 */
export class PythonError extends CeleryError {
  readonly excType: string;
  readonly excModule: string;
  readonly excArgs: readonly unknown[];

  constructor(excType: string, excArgs: readonly unknown[] = [], options: PythonErrorOptions = {}) {
    const { excModule = 'builtins', ...errorOptions } = options;
    super('ERR_TASK_FAILED', exceptionText(excType, excModule, excArgs), errorOptions);
    this.excType = excType;
    this.excModule = excModule;
    this.excArgs = excArgs;
  }
}
