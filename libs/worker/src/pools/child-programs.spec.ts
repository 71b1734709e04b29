import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findChildProgram } from './child-programs.ts';

describe('findChildProgram', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'child-programs-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('finds the program in this package, as the module of tasks would', () => {
    expect(findChildProgram('pool-thread', pathToFileURL(__filename))).toEqual(
      pathToFileURL(join(__dirname, 'pool-thread.ts')),
    );
  });

  it('finds the program beside the module, as in a bundle', () => {
    writeFileSync(join(folder, 'pool-process.js'), '');

    expect(findChildProgram('pool-process', pathToFileURL(join(folder, 'tasks.js')))).toEqual(
      pathToFileURL(join(folder, 'pool-process.js')),
    );
  });

  it('says what to do when there is none', () => {
    expect(() => findChildProgram('pool-process', pathToFileURL(join(folder, 'tasks.js')))).toThrow(
      'install the package, or bundle @celeriac/worker/pool-process to that place',
    );
  });
});
