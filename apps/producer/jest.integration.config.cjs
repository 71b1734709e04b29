const { transformIgnorePatterns } = require('./jest.config.cjs');

module.exports = {
  ...require('../../jest.integration.js'),
  displayName: 'producer',
  transformIgnorePatterns,
};
