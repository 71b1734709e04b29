const { dirname } = require('node:path');

/**
 * An Nx plugin: gives a project the target `integration` when it has a jest.integration.config.cjs, and `conformance` when it has a
 * jest.conformance.config.cjs. They talk to a live broker, so they are never cached, and one after the other: what a suite waits for
 * must not depend on how busy another one keeps the machine.
 */
const createNodes = [
  '**/jest.{integration,conformance}.config.cjs',
  (configFiles) =>
    configFiles.map((file) => {
      const root = dirname(file);
      const [, kind] = /jest\.(\w+)\.config\.cjs$/.exec(file);
      const target = {
        command: `jest --config jest.${kind}.config.cjs`,
        options: { cwd: root },
        cache: false,
        parallelism: false,
        metadata: {
          technologies: ['jest'],
          description: `Runs the ${kind} specs; the broker is in CELERIAC_TEST_BROKER_URL.`,
        },
      };
      return [file, { projects: { [root]: { targets: { [kind]: target } } } }];
    }),
];

module.exports = { name: 'celeriac-jest-kinds', createNodes, createNodesV2: createNodes };
