import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bindOwnFolder, copyOwnFiles } from './own-files.ts';

describe('bindOwnFolder', () => {
  it('leaves a module alone that does not ask', () => {
    expect(bindOwnFolder('/w/node_modules/a/index.js', 'exports.my__dirnames = 1')).toBe(
      'exports.my__dirnames = 1',
    );
  });

  it('gives a module its folder in the package, beside the bundle, on the line that was its first', () => {
    const path = '/w/node_modules/x/node_modules/@fastify/swagger-ui/lib/routes.js';

    expect(bindOwnFolder(path, "'use strict'\nread(__dirname)")).toBe(
      "const __dirname = __bundleFolder + '/node_modules/@fastify/swagger-ui/lib';'use strict'\nread(__dirname)",
    );
  });

  it('refuses a package of which nobody has said what it reads', () => {
    expect(() => bindOwnFolder('/w/node_modules/new-one/index.js', 'read(__filename)')).toThrow(
      'new-one uses __dirname: say in own-files.ts',
    );
  });
});

describe('copyOwnFiles', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'own-files-'));
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it('copies what a bundled package reads, from where it is installed', () => {
    const folder = 'apps/a/node_modules/@fastify/swagger-ui';
    mkdirSync(join(root, folder, 'static'), { recursive: true });
    writeFileSync(join(root, folder, 'static/logo.svg'), '<svg/>');

    copyOwnFiles(
      [
        { name: '@fastify/swagger-ui', folder },
        { name: 'other', folder: 'none' },
      ],
      root,
      join(root, 'out'),
    );

    expect(readFileSync(join(root, 'out/node_modules/@fastify/swagger-ui/static/logo.svg'), 'utf8')).toBe(
      '<svg/>',
    );
  });
});
