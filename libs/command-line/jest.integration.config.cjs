module.exports = { ...require('../../jest.integration.js'), displayName: 'command-line' };
