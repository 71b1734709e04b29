module.exports = { ...require('../../jest.preset.js'), displayName: 'amqp-transport' };
