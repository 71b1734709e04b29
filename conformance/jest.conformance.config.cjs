/**
 * Specs with Python Celery or another client library on the other side. The broker is in CELERIAC_TEST_BROKER_URL, the
 * Python interpreters are in CELERIAC_TEST_PYTHON_NEWEST and _OLDEST; `npm test` provides all of them.
 */
const preset = require('../jest.preset.js');

module.exports = {
  ...preset,
  displayName: 'conformance',
  testMatch: ['<rootDir>/src/**/*.conformance.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/out-tsc/'],
  // queue names are part of the calculator's contract: two specs at a time would take each other's messages
  maxWorkers: 1,
  testTimeout: 120_000,
  reporters: ['default', [require.resolve('../tools/jest-tally-reporter.cjs'), { kind: 'conformance' }]],
};
