module.exports = { ...require('../../jest.preset.js'), displayName: 'task-registry' };
