import { Spec, Validation } from '@cyclonedx/cyclonedx-library';

import type { AppBundle } from './bundle-app.ts';
import { createSbom } from './sbom.ts';
import type { ImageSystem } from './system-files.ts';

const digest = Buffer.alloc(64, 'amqplib');

const bundle: AppBundle = {
  name: '@celeriac/addition',
  version: '0.1.0',
  imports: ['node_modules/amqplib'],
  packages: [
    {
      name: '@pinojs/redact',
      version: '0.4.0',
      folder: 'node_modules/@pinojs/redact',
      license: '(MIT OR Apache-2.0)',
      integrity: undefined,
      imports: [],
    },
    {
      name: 'amqplib',
      version: '2.3.1',
      folder: 'node_modules/amqplib',
      license: 'MIT',
      integrity: `sha512-${digest.toString('base64')}`,
      imports: ['node_modules/@pinojs/redact'],
    },
  ],
};

const system: ImageSystem = {
  node: '24.21.0',
  debian: '13',
  packages: [{ name: 'libc6', version: '2.41-12+deb13u1', architecture: 'amd64', source: 'glibc' }],
};

interface Document {
  readonly serialNumber?: string;
  readonly metadata: { readonly timestamp: string };
  readonly components: readonly Readonly<Record<string, unknown>>[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

function parsed(given: Partial<AppBundle> = {}): Document {
  return JSON.parse(
    createSbom({ bundle: { ...bundle, ...given }, system, epochSeconds: 1_700_000_000 }),
  ) as Document;
}

describe('createSbom', () => {
  it('keeps to the schema of CycloneDX', async () => {
    const text = createSbom({ bundle, system, epochSeconds: 0 });

    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)).toBeNull();
  });

  it('names npm packages, Node and Debian packages by their package URLs', () => {
    expect(parsed().components.map(({ purl }) => purl)).toEqual([
      'pkg:deb/debian/libc6@2.41-12+deb13u1?arch=amd64&distro=debian-13&upstream=glibc',
      'pkg:generic/node@24.21.0',
      'pkg:npm/%40pinojs/redact@0.4.0',
      'pkg:npm/amqplib@2.3.1',
    ]);
  });

  it('has the hash and the licence of a package as the lock file has them', () => {
    const amqplib = parsed().components.find(({ name }) => name === 'amqplib');
    const redact = parsed().components.find(({ name }) => name === 'redact');

    expect(amqplib).toMatchObject({
      hashes: [{ alg: 'SHA-512', content: digest.toString('hex') }],
      licenses: [{ license: { id: 'MIT' } }],
    });
    expect(redact).toMatchObject({ group: '@pinojs', licenses: [{ expression: '(MIT OR Apache-2.0)' }] });
    expect(redact).not.toHaveProperty('hashes');
  });

  it('says who needs whom', () => {
    const needs = new Map(parsed().dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));

    expect(needs.get('app')).toEqual(['node', 'node_modules/amqplib']);
    expect(needs.get('node')).toEqual(['debian/libc6']);
    expect(needs.get('node_modules/amqplib')).toEqual(['node_modules/@pinojs/redact']);
  });

  it('is the same text for the same image, with the time of the commit and no serial number', () => {
    const texts = [bundle, { ...bundle, packages: bundle.packages.toReversed() }].map((one) =>
      createSbom({ bundle: one, system, epochSeconds: 1_700_000_000 }),
    );

    expect(texts[1]).toBe(texts[0]);
    expect(parsed().metadata.timestamp).toBe('2023-11-14T22:13:20.000Z');
    expect(parsed().serialNumber).toBeUndefined();
  });
});
