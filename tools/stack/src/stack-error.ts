/** What went wrong and what to do about it, for the operator: printed as it is, without a stack trace. */
export class StackError extends Error {
  override readonly name: string = 'StackError';
}

/** The command line makes no sense; exit code 2. */
export class UsageError extends StackError {
  override readonly name = 'UsageError';
}
