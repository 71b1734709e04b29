import { join } from 'node:path';
import { stackLimits } from './stack-limits.ts';

// specs run as CommonJS, where the folder of a module is known by this name
declare const __dirname: string;
const root = join(__dirname, '../../..');

describe('stackLimits', () => {
  it.each(['addition', 'producer'])('reads those of %s from swarm-stack.yml', async (service) => {
    const { memoryBytes, nodeOptions } = await stackLimits(root, service);
    expect(nodeOptions).toMatch(/^--max-old-space-size=\d+$/);
    // what Node needs beside its heap
    expect(memoryBytes).toBeGreaterThan(Number(nodeOptions.split('=')[1]) * 1024 ** 2 + 32 * 1024 ** 2);
  });

  it('refuses a service that is not there', async () => {
    await expect(stackLimits(root, 'nonsense')).rejects.toThrow('no service nonsense');
  });
});
