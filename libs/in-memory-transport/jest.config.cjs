module.exports = { ...require('../../jest.preset.js'), displayName: 'in-memory-transport' };
