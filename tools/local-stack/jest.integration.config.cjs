module.exports = { ...require('../../jest.integration.js'), displayName: 'local-stack' };
