import { pythons, pythonSkipReason, type Python } from './environment.ts';

/**
 * A `describe` for each line of Celery, named by it; one that is missing is reported as skipped, with the reason.
 *
 * @param lines - which lines the tests are about; default both
 */
export function describeWithPython(
  title: string,
  body: (python: Python) => void,
  lines: readonly Python['line'][] = ['newest', 'oldest'],
): void {
  for (const line of lines) {
    const python = pythons().find((candidate) => candidate.line === line);
    if (python === undefined) {
      // a suite without tests would not be reported at all
      describe.skip(`${title} (${line} Celery)`, () => {
        it(`skipped: ${pythonSkipReason()}`, () => undefined);
      });
    } else {
      describe(`${title} (${line} Celery)`, () => {
        body(python);
      });
    }
  }
}
