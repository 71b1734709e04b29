/** The README, run as it stands; the broker and the Python are those of the conformance specs. */
module.exports = { ...require('../../jest.conformance.js'), displayName: 'documentation' };
