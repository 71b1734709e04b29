/** At the end of a full name: what `skippedTitle` wrote, or a test whose whole title is `skipped: reason`. */
const REASON = /(?:\(skipped: (?<joined>.+)\)|\bskipped: (?<whole>.+))$/;

/**
 * The title of a test that cannot run here, with the reason where the summary and CI find it.
 *
 * @example
 * const python = process.env['CELERIAC_TEST_PYTHON_NEWEST'];
 * if (python === undefined) {
 *   it.skip(skippedTitle('Python calls our worker', process.env['CELERIAC_TEST_PYTHON_SKIP_REASON']), () => undefined);
 * }
 */
export function skippedTitle(title: string, reason = 'no reason given'): string {
  return `${title} (skipped: ${reason})`;
}

/** Splits a title from its reason; a test that was skipped without it has no reason to give. */
export function readSkippedTitle(fullName: string): { readonly title: string; readonly reason: string } {
  const groups = REASON.exec(fullName)?.groups;
  const reason = groups?.['joined'] ?? groups?.['whole'];
  if (reason === undefined) return { title: fullName, reason: 'no reason given' };
  return { title: fullName.replace(REASON, '').trim(), reason };
}
