module.exports = { ...require('../../jest.integration.js'), displayName: 'stack' };
