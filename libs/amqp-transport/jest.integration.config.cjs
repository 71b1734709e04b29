module.exports = { ...require('../../jest.integration.js'), displayName: 'amqp-transport' };
