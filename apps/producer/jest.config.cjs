module.exports = {
  ...require('../../jest.preset.js'),
  displayName: 'producer',
  // beside cookie, the pages at /docs are served with another package that is published as ES modules only
  transformIgnorePatterns: ['/node_modules/(?!(cookie|content-disposition)/)'],
};
