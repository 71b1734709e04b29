const preset = require('../jest.preset.js');

module.exports = {
  ...preset,
  displayName: 'conformance',
  testPathIgnorePatterns: [...preset.testPathIgnorePatterns, '\\.conformance\\.spec\\.ts$'],
};
