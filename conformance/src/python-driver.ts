import type { Python } from './environment.ts';
import { ManagedProcess } from './managed-process.ts';
import { pythonEnvironment, pythonFolder } from './process-environment.ts';

/**
 * Runs one of `python/drivers` and returns its lines, each parsed from JSON. The drivers write reprs instead of values
 * wherever Python and JavaScript read JSON differently.
 *
 * @param input - lines for its standard input
 * @throws Error with what it wrote, when it fails
 */
export async function runDriver<Line>(
  python: Python,
  driver: string,
  args: readonly string[] = [],
  input: readonly string[] = [],
): Promise<readonly Line[]> {
  const process = new ManagedProcess({
    name: driver,
    command: python.executable,
    args: ['-m', `drivers.${driver}`, ...args],
    cwd: pythonFolder(),
    env: pythonEnvironment(),
  });
  process.writeInput(input.join('\n'));
  const { code } = await process.ended;
  if (code !== 0) throw new Error(`drivers.${driver} ended with ${String(code)}:\n${process.outputTail}`);
  return process.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line); // the driver's docstring is the contract
}
