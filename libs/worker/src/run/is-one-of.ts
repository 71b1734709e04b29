import type { ErrorClass } from '@celeriac/task-registry';

/** Whether an error is of one of these classes. Never throws: a class whose `Symbol.hasInstance` does has no instances. */
export function isOneOf(error: unknown, classes: readonly ErrorClass[]): boolean {
  return classes.some((errorClass) => {
    try {
      return error instanceof errorClass;
    } catch {
      return false;
    }
  });
}
