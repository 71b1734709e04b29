import { pythonVariables } from './test-environment.ts';

const newest = { executable: '/venv/newest/bin/python', celery: '5.7.0', source: 'pypi' } as const;
const skipped = { skipped: 'Python Celery could not be installed: no network' };

describe('pythonVariables', () => {
  it('gives the paths of both interpreters and no reason when both are there', () => {
    const oldest = { executable: '/usr/bin/python3', celery: '5.2.6', source: 'debian' } as const;
    expect(pythonVariables({ newest, oldest })).toEqual({
      CELERIAC_TEST_PYTHON_NEWEST: '/venv/newest/bin/python',
      CELERIAC_TEST_PYTHON_OLDEST: '/usr/bin/python3',
    });
  });

  it('gives the reason for the one that is missing', () => {
    expect(pythonVariables({ newest, oldest: skipped })).toEqual({
      CELERIAC_TEST_PYTHON_NEWEST: '/venv/newest/bin/python',
      CELERIAC_TEST_PYTHON_SKIP_REASON: skipped.skipped,
    });
  });

  it('gives a reason that both share once', () => {
    expect(pythonVariables({ newest: skipped, oldest: skipped })).toEqual({
      CELERIAC_TEST_PYTHON_SKIP_REASON: skipped.skipped,
    });
  });
});
