/**
 * Shared by every project: sources (not builds) of the workspace's packages, compiled by swc to CommonJS.
 * `test` runs the unit and component specs; integration specs have a configuration of their own (see jest.integration.js
 * and jest.conformance.js).
 */
const swcOptions = {
  jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: false } },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
};

module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    '/dist/',
    '/out-tsc/',
    '\\.(integration|conformance)\\.spec\\.ts$',
  ],
  transform: { '^.+\\.[cm]?[tj]s$': ['@swc/jest', swcOptions] },
  // cookie 2, inside fastify, is published as ES modules only
  transformIgnorePatterns: ['/node_modules/(?!cookie/)'],
  testEnvironmentOptions: {
    customExportConditions: ['@celeriac/source', 'node', 'node-addons', 'require', 'default'],
  },
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json'],
  restoreMocks: true,
  passWithNoTests: true,
  reporters: ['default', [require.resolve('./tools/jest-tally-reporter.cjs'), { kind: 'unit' }]],
};
