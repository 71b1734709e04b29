import { progressLog } from '@celeriac/local-stack';
import { rm } from 'node:fs/promises';
import { writeBrokerSecrets } from './broker-secrets.ts';
import type { Lab } from './lab.ts';
import { measure } from './measure.ts';
import { MeasuredStack } from './measured-stack.ts';
import { plan } from './plan.ts';
import { appendPoint, beginPointFile } from './point-file.ts';
import { prepareLab } from './prepare-lab.ts';
import { readSetting } from './read-setting.ts';

export interface MeasureAllOptions {
  readonly lab: Lab;
  readonly root: string;
  readonly rounds: number;
  readonly windowMs: number;
  /** Series to take; undefined: all. */
  readonly only: readonly string[] | undefined;
  /** File for the points. */
  readonly pointFile: string;
}

/** Takes every planned measurement, round after round, on a new lab that is ended in any case. */
export async function measureAll(options: MeasureAllOptions): Promise<void> {
  const { lab, root, rounds, windowMs, only, pointFile } = options;
  const log = progressLog();
  const chosen = plan.filter(({ series }) => only?.includes(series) ?? true);
  const secrets = await writeBrokerSecrets();
  try {
    const stack = new MeasuredStack({ lab, secrets, image: await prepareLab(lab, root) });
    await beginPointFile(pointFile, await readSetting({ lab, root, rounds, windowMs }));
    for (let round = 1; round <= rounds; round++) {
      for (const planned of chosen) {
        log.info({ ...planned.configuration }, `round ${round} of ${rounds}: ${planned.series}`);
        await stack.configure(planned.configuration);
        await appendPoint(pointFile, await measure(planned, { stack, labName: lab.name, round, windowMs }));
      }
    }
  } finally {
    await rm(secrets, { recursive: true });
    await lab.end();
  }
}
