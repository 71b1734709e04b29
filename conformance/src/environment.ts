/** A Python interpreter with Celery and Flask. */
export interface Python {
  /** `newest` or `oldest` supported Celery. */
  readonly line: 'newest' | 'oldest';
  /** Path of the interpreter. */
  readonly executable: string;
}

/** URL of the broker that the specs use. @throws Error when `CELERIAC_TEST_BROKER_URL` is unset */
export function brokerUrl(): string {
  const url = process.env['CELERIAC_TEST_BROKER_URL'];
  if (url === undefined || url === '') {
    throw new Error('CELERIAC_TEST_BROKER_URL is unset: run the conformance specs through `npm test`');
  }
  return url;
}

/** The interpreters there are; a line without one is not in the list. */
export function pythons(): readonly Python[] {
  return (['newest', 'oldest'] as const).flatMap((line) => {
    const executable = process.env[`CELERIAC_TEST_PYTHON_${line.toUpperCase()}`];
    return executable === undefined || executable === '' ? [] : [{ line, executable }];
  });
}

/** Why an interpreter is missing. */
export function pythonSkipReason(): string {
  return (
    process.env['CELERIAC_TEST_PYTHON_SKIP_REASON'] ?? 'CELERIAC_TEST_PYTHON_NEWEST and _OLDEST are unset'
  );
}
