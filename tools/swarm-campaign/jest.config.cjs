module.exports = { ...require('../../jest.preset.js'), displayName: 'swarm-campaign' };
