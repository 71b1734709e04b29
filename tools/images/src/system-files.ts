/** A Debian package of which a file is in the image. */
export interface SystemPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Where the package manager's record says it was built from; scanners look for advisories under this name. */
  readonly source: string;
}

/** What the image has beside the app. */
export interface ImageSystem {
  readonly node: string;
  /** `13` in Debian 13; undefined for a release without a number. */
  readonly debian: string | undefined;
  readonly packages: readonly SystemPackage[];
}

/**
 * The shared libraries that `ldd` has listed, the loader among them.
 *
 * @throws Error when one is not found
 */
export function sharedLibraries(lddOutput: string): string[] {
  const missing = /^\s*(\S+) => not found/m.exec(lddOutput);
  if (missing !== null) throw new Error(`${String(missing[1])} is needed by node and is not on this system`);
  return [...lddOutput.matchAll(/(?:=>|^)\s*(\/\S+) \(0x/gm)].map((match) => match[1] ?? '').sort();
}

/**
 * A paragraph of dpkg's status file.
 *
 * @throws Error when it lacks a field that every installed package has
 */
export function systemPackage(paragraph: string): SystemPackage {
  const field = (name: string): string | undefined => new RegExp(`^${name}: (.+)$`, 'm').exec(paragraph)?.[1];
  const [name, version, architecture] = [field('Package'), field('Version'), field('Architecture')];
  if (name === undefined || version === undefined || architecture === undefined) {
    throw new Error(`dpkg's record lacks Package, Version or Architecture: ${paragraph.slice(0, 200)}`);
  }
  return { name, version, architecture, source: field('Source')?.split(' ', 1)[0] ?? name };
}
