import { readSkippedTitle, skippedTitle } from './skipped-title.ts';

describe('skippedTitle', () => {
  it('is read back as title and reason, parentheses and all', () => {
    const reason = 'pip install failed: ERROR: No matching distribution (see above)';
    expect(readSkippedTitle(skippedTitle('Python calls add', reason))).toEqual({
      title: 'Python calls add',
      reason,
    });
  });

  it('is read as well where a whole title is the reason', () => {
    expect(readSkippedTitle('Python calls us (newest Celery) skipped: PyPI is out of reach')).toEqual({
      title: 'Python calls us (newest Celery)',
      reason: 'PyPI is out of reach',
    });
  });

  it('says so when no reason is given', () => {
    expect(skippedTitle('adds', undefined)).toBe('adds (skipped: no reason given)');
    expect(readSkippedTitle('adds (twice)')).toEqual({ title: 'adds (twice)', reason: 'no reason given' });
  });
});
