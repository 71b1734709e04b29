import { readRelease } from '@celeriac/images';
import { cpus, release, totalmem } from 'node:os';
import type { Lab } from './lab.ts';
import type { Setting } from './point-file.ts';

export interface ReadSettingOptions {
  readonly lab: Lab;
  readonly root: string;
  readonly rounds: number;
  readonly windowMs: number;
}

/** Machine and versions, asked of the things themselves. */
export async function readSetting({ lab, root, rounds, windowMs }: ReadSettingOptions): Promise<Setting> {
  const processors = cpus();
  const { commit } = readRelease(root);
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commit === undefined ? 'unknown' : `${commit.hash.slice(0, 12)}${commit.isDirty ? '-dirty' : ''}`,
    cores: processors.length,
    processor: processors[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    engine: await lab.docker(['version', '--format', '{{.Server.Version}}']),
    rounds,
    windowSeconds: windowMs / 1000,
  };
}
