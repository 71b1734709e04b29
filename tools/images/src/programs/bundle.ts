/**
 * Run while an image is built, in the folder of the workspace: `node bundle.ts <app's folder> <system's report> <folder>`
 * fills the folder with the app as it lies in the image, its health check and its bill of materials included.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { bundleApp } from '../bundle-app.ts';
import { licenseTexts } from '../license-texts.ts';
import { normaliseTimes } from '../normalise-times.ts';
import { createSbom } from '../sbom.ts';
import type { ImageSystem } from '../system-files.ts';

const [appDir, report, target] = process.argv.slice(2);
if (appDir === undefined || report === undefined || target === undefined) {
  throw new Error('usage: bundle.ts <app folder> <system report> <folder>');
}
const root = process.cwd();
const epochSeconds = Number(process.env['SOURCE_DATE_EPOCH'] ?? 0);
const outDir = join(target, 'app');
mkdirSync(outDir, { recursive: true });
const bundle = await bundleApp({ root, appDir, outDir });
const system = JSON.parse(readFileSync(report, 'utf8')) as ImageSystem;
writeFileSync(join(outDir, 'sbom.cdx.json'), createSbom({ bundle, system, epochSeconds }));
writeFileSync(join(outDir, 'licenses.txt'), licenseTexts(bundle.packages, root));
copyFileSync(join(root, 'docker/health.mjs'), join(outDir, 'health.js'));
normaliseTimes(target, epochSeconds);
