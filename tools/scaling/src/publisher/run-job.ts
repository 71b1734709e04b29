import { Client } from '@celeriac/client';
import type { Job, JobResult } from '../job.ts';
import { awaitConsumers } from './await-consumers.ts';
import { runBurst } from './burst.ts';
import { readFootprint } from './footprint.ts';
import { Management } from './management.ts';
import { measureRate } from './rate.ts';

/** Does a job on the broker, once the workers are there. @throws when a call fails, or the workers do not come */
export async function runJob(brokerUrl: string, job: Job): Promise<JobResult> {
  const management = new Management(brokerUrl);
  await awaitConsumers(management, job);
  if (job.kind === 'footprint') return readFootprint(management);
  const client = await Client.connect({ brokerUrl });
  try {
    return await (job.kind === 'rate' ? measureRate(client, management, job) : runBurst(client, job));
  } finally {
    await client.close();
  }
}
