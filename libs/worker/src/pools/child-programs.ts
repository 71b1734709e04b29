import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ImproperlyConfiguredError } from '@celeriac/primitives';

/** The programs of a pool's threads and processes. */
export type ChildProgram = 'pool-process' | 'pool-thread';

/**
 * Where a program of the pool is: in this package, as the module of tasks would find it, or beside that module, where a
 * bundle of both has it.
 *
 * @throws ImproperlyConfiguredError when it is in neither place
 */
export function findChildProgram(program: ChildProgram, tasksModule: URL): URL {
  const beside = new URL(`./${program}.js`, tasksModule);
  if (existsSync(fileURLToPath(beside))) return beside;
  try {
    return pathToFileURL(createRequire(tasksModule).resolve(`@celeriac/worker/${program}`));
  } catch (error) {
    throw new ImproperlyConfiguredError(
      `The program ${program} of a pool is neither in a package @celeriac/worker that ${tasksModule.href} could import, ` +
        `nor at ${beside.href}; install the package, or bundle @celeriac/worker/${program} to that place`,
      { cause: error },
    );
  }
}
