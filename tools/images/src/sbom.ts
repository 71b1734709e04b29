import { Enums, Models, Serialize, Spec, SPDX } from '@cyclonedx/cyclonedx-library';
import { Buffer } from 'node:buffer';
import { PackageURL } from 'packageurl-js';

import type { AppBundle } from './bundle-app.ts';
import type { BundledPackage } from './bundled-packages.ts';
import type { ImageSystem, SystemPackage } from './system-files.ts';

export interface SbomOptions {
  readonly bundle: AppBundle;
  readonly system: ImageSystem;
  /** The time that the document carries, in seconds since 1970: that of the commit, as the document is the same each time. */
  readonly epochSeconds: number;
}

/**
 * The software bill of materials of an image, CycloneDX 1.6 in JSON: the app, the npm packages in its bundle, Node, and
 * the Debian packages of which the image has a file; and which of them needs which.
 *
 * The same bundle and system give the same text: there is no serial number, and lists are sorted.
 */
export function createSbom({ bundle, system, epochSeconds }: SbomOptions): string {
  const app = new Models.Component(Enums.ComponentType.Application, bundle.name, {
    bomRef: 'app',
    version: bundle.version,
  });
  const npm = new Map(bundle.packages.map((one) => [one.folder, npmComponent(one)]));
  const debian = system.packages.map((one) => debianComponent(one, system.debian));
  const node = nodeComponent(system.node);
  for (const { folder, imports } of bundle.packages)
    needs(
      npm.get(folder),
      imports.map((one) => npm.get(one)),
    );
  needs(app, [node, ...bundle.imports.map((one) => npm.get(one))]);
  needs(node, debian);

  const bom = new Models.Bom();
  bom.metadata.timestamp = new Date(epochSeconds * 1000);
  bom.metadata.component = app;
  for (const component of [...npm.values(), node, ...debian]) bom.components.add(component);
  const normalizers = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return new Serialize.JsonSerializer(normalizers).serialize(bom, { sortLists: true, space: 1 }).concat('\n');
}

function npmComponent({ name, version, license, integrity, folder }: BundledPackage): Models.Component {
  const [, group, base = name] = /^(?:@([^/]+)\/)?(.+)$/.exec(name) ?? [];
  return new Models.Component(Enums.ComponentType.Library, base, {
    bomRef: folder,
    ...(group !== undefined && { group: `@${group}` }),
    version,
    purl: new PackageURL('npm', group && `@${group}`, base, version, undefined, undefined).toString(),
    licenses: new Models.LicenseRepository(license === undefined ? [] : [licenseOf(license)]),
    hashes: hashes(integrity),
  });
}

function nodeComponent(version: string): Models.Component {
  return new Models.Component(Enums.ComponentType.Platform, 'node', {
    bomRef: 'node',
    version,
    purl: new PackageURL('generic', undefined, 'node', version, undefined, undefined).toString(),
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    licenses: new Models.LicenseRepository([new Models.SpdxLicense('MIT')]),
  });
}

function debianComponent(
  { name, version, architecture, source }: SystemPackage,
  release: string | undefined,
): Models.Component {
  const qualifiers = {
    arch: architecture,
    ...(release !== undefined && { distro: `debian-${release}` }),
    ...(source !== name && { upstream: source }),
  };
  return new Models.Component(Enums.ComponentType.Library, name, {
    bomRef: `debian/${name}`,
    version,
    purl: new PackageURL('deb', 'debian', name, version, qualifiers, undefined).toString(),
  });
}

function licenseOf(text: string): Models.License {
  if (SPDX.isSupportedSpdxId(text)) return new Models.SpdxLicense(text);
  return / (?:OR|AND|WITH) /.test(text) ? new Models.LicenseExpression(text) : new Models.NamedLicense(text);
}

/** npm's integrity, `sha512-<base64>`, as CycloneDX writes hashes. */
function hashes(integrity: string | undefined): Models.HashDictionary {
  const digest = /\bsha512-(\S+)/.exec(integrity ?? '')?.[1];
  return new Models.HashDictionary(
    digest === undefined
      ? []
      : [[Enums.HashAlgorithm['SHA-512'], Buffer.from(digest, 'base64').toString('hex')]],
  );
}

function needs(
  component: Models.Component | undefined,
  others: readonly (Models.Component | undefined)[],
): void {
  for (const other of others) if (other !== undefined) component?.dependencies.add(other.bomRef);
}
