module.exports = { ...require('../../jest.integration.js'), displayName: 'client' };
