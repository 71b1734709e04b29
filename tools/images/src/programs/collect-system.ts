/**
 * Run while an image is built: `node collect-system.ts <folder> <report>` fills the folder with what the image has
 * beside the app, and writes to the report, in JSON, what that is.
 */
import { writeFileSync } from 'node:fs';

import { collectSystem } from '../collect-system.ts';
import { normaliseTimes } from '../normalise-times.ts';

const [folder, report] = process.argv.slice(2);
if (folder === undefined || report === undefined)
  throw new Error('usage: collect-system.ts <folder> <report>');
writeFileSync(report, JSON.stringify(collectSystem(folder)));
// no commit is in this layer: images of all commits share it
normaliseTimes(folder, 0);
