/**
 * For `*.integration.spec.ts`: specs that talk to a real broker, found in CELERIAC_TEST_BROKER_URL. `npm test` provides it and runs
 * them with `nx integration`; a project has them when it has a jest.integration.config.cjs that spreads this.
 */
const preset = require('./jest.preset.js');

module.exports = {
  ...preset,
  testMatch: ['<rootDir>/src/**/*.integration.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/out-tsc/'],
  testTimeout: 60_000,
  reporters: ['default', [require.resolve('./tools/jest-tally-reporter.cjs'), { kind: 'integration' }]],
};
