import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { BundledPackage } from './bundled-packages.ts';

/**
 * The licences of the packages in a bundle, one after the other: nearly all of them ask that their text goes along
 * with the code.
 */
export function licenseTexts(packages: readonly BundledPackage[], root: string): string {
  return packages
    .map(({ name, version, license, folder }) => {
      const files = readdirSync(join(root, folder))
        .filter((file) => /^(licen[cs]e|notice)/i.test(file))
        .sort();
      const texts = files.map((file) => readFileSync(join(root, folder, file), 'utf8').trim());
      return [`${name} ${version} (${license ?? 'no licence given'})`, ...texts].join('\n\n');
    })
    .join(`\n\n${'-'.repeat(80)}\n\n`)
    .concat('\n');
}
