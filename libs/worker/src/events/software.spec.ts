import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { software } from './software.ts';

// specs run as CommonJS, where the folder of a module is known by this name
declare const __dirname: string;

describe('software', () => {
  it('has the version of the package', () => {
    const manifest = readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8');

    expect(software).toMatchObject({
      sw_ident: 'celeriac',
      sw_ver: (JSON.parse(manifest) as { version: string }).version,
    });
  });
});
