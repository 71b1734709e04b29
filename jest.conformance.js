/**
 * For `*.conformance.spec.ts`: specs with Python Celery on the other side. Like jest.integration.js, run by `nx conformance` where a
 * project has a jest.conformance.config.cjs; the interpreters are in CELERIAC_TEST_PYTHON_NEWEST and CELERIAC_TEST_PYTHON_OLDEST.
 */
const integration = require('./jest.integration.js');

module.exports = {
  ...integration,
  testMatch: ['<rootDir>/src/**/*.conformance.spec.ts'],
  testTimeout: 120_000,
  reporters: ['default', [require.resolve('./tools/jest-tally-reporter.cjs'), { kind: 'conformance' }]],
};
