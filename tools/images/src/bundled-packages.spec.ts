import type { Metafile } from 'esbuild';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bundledPackages } from './bundled-packages.ts';

type Imports = Readonly<Record<string, readonly string[]>>;

/** A metafile of inputs and what each imports; those named `shaken` have no byte in the output. */
function metafile(imports: Imports, shaken: readonly string[] = []): Metafile {
  const inputs = Object.entries(imports).map(([path, targets]) => [
    path,
    { bytes: 1, imports: targets.map((target) => ({ path: target, kind: 'import-statement' })) },
  ]);
  const used = Object.keys(imports).map((path) => [path, { bytesInOutput: shaken.includes(path) ? 0 : 1 }]);
  return {
    inputs: Object.fromEntries(inputs) as Metafile['inputs'],
    outputs: {
      'main.js': { bytes: 1, imports: [], exports: [], inputs: Object.fromEntries(used) as never },
    },
  };
}

describe('bundledPackages', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'bundled-packages-'));
    const packages = {
      'node_modules/amqplib': { version: '2.3.1', license: 'MIT', integrity: 'sha512-AAAA' },
      'node_modules/ajv': { version: '8.20.0' },
      'libs/a/node_modules/ajv': { version: '6.0.0' },
      'node_modules/jest': { version: '30.0.0', dev: true },
    };
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }));
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it('lists each package once, with what the lock file says of it and whom it imports', () => {
    const code = bundledPackages(
      metafile({
        'apps/a/src/main.ts': ['node_modules/amqplib/index.js', 'libs/a/src/b.ts'],
        'libs/a/src/b.ts': ['libs/a/node_modules/ajv/ajv.js'],
        'node_modules/amqplib/index.js': ['node_modules/amqplib/lib/codec.js', 'node_modules/ajv/ajv.js'],
        'node_modules/amqplib/lib/codec.js': [],
        'node_modules/ajv/ajv.js': [],
        'libs/a/node_modules/ajv/ajv.js': [],
      }),
      root,
    );

    expect(code.imports).toEqual(['libs/a/node_modules/ajv', 'node_modules/amqplib']);
    expect(code.packages).toEqual([
      { name: 'ajv', version: '6.0.0', folder: 'libs/a/node_modules/ajv', imports: [] },
      { name: 'ajv', version: '8.20.0', folder: 'node_modules/ajv', imports: [] },
      {
        name: 'amqplib',
        version: '2.3.1',
        folder: 'node_modules/amqplib',
        license: 'MIT',
        integrity: 'sha512-AAAA',
        imports: ['node_modules/ajv'],
      },
    ]);
  });

  it('leaves out what was read and not used', () => {
    const read = { 'apps/a/src/main.ts': ['node_modules/jest/index.js'], 'node_modules/jest/index.js': [] };

    const code = bundledPackages(metafile(read, ['node_modules/jest/index.js']), root);

    expect(code).toEqual({ packages: [], imports: [] });
  });

  it.each([
    [
      'node_modules/jest/index.js',
      'node_modules/jest is in the bundle, and a dependency of development only',
    ],
    ['node_modules/unknown/index.js', 'node_modules/unknown is in the bundle, and not in package-lock.json'],
    ['libs/a/src/b.spec.ts', 'libs/a/src/b.spec.ts is in the bundle, and belongs to the tests'],
    ['libs/testing/src/peer.ts', 'libs/testing/src/peer.ts is in the bundle, and belongs to the tests'],
  ])('refuses %s', (path, message) => {
    expect(() => bundledPackages(metafile({ [path]: [] }), root)).toThrow(message);
  });
});
