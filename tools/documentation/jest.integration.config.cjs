/** The guides of docs/ whose programs want a broker and nothing else. */
module.exports = { ...require('../../jest.integration.js'), displayName: 'documentation' };
