const { basename, dirname } = require('node:path');

/** Runs a program of tools/images from its source: it must not wait for a build to tell Nx what there is to do. */
const program = (name, app) =>
  `node --import @swc-node/register/esm-register tools/images/src/programs/${name}.ts ${app}`;

/**
 * An Nx plugin: gives each app the target `container`, which builds its image. It is cached, and the cache counts only
 * while the engine has the image of this very commit; docker's own cache does the rest.
 */
const createNodes = [
  'apps/*/package.json',
  (manifests) =>
    manifests.map((file) => {
      const root = dirname(file);
      const app = basename(root);
      const target = {
        command: program('container', app),
        options: { cwd: '.' },
        cache: true,
        inputs: [
          'production',
          '^production',
          '{workspaceRoot}/docker/Dockerfile',
          '{workspaceRoot}/docker/health.mjs',
          '{workspaceRoot}/.dockerignore',
          '{workspaceRoot}/tools/images/src/**/*.ts',
          { env: 'CELERIAC_DOCKER_BUILD_FLAGS' },
          { env: 'CELERIAC_IMAGE_PREFIX' },
          { runtime: program('image-state', app) },
        ],
        outputs: [],
        metadata: {
          technologies: ['docker'],
          description: 'Builds the image of the app, tagged by version and commit.',
        },
      };
      return [file, { projects: { [root]: { targets: { container: target } } } }];
    }),
];

module.exports = { name: 'celeriac-images', createNodes, createNodesV2: createNodes };
