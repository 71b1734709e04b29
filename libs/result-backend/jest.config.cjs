module.exports = { ...require('../../jest.preset.js'), displayName: 'result-backend' };
