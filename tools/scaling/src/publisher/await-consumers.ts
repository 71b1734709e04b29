import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from '../job.ts';
import type { Management } from './management.ts';

const timeoutMs = 120_000;

/**
 * Waits until the queues are there, empty, and have exactly the job's consumers: no fewer, and none left of before.
 *
 * @throws Error when that takes more than two minutes
 */
export async function awaitConsumers(
  management: Management,
  { queues: names, consumers }: Job,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const state = await stateOf(management, names);
    if (state === `${consumers} consumers, 0 messages`) return;
    if (performance.now() > deadline)
      throw new Error(`${names.join(', ')}: ${consumers} consumers awaited, found ${state}`);
    await delay(250);
  }
}

async function stateOf(management: Management, names: readonly string[]): Promise<string> {
  let queues;
  try {
    queues = await management.queues(names);
  } catch (error) {
    return String(error); // a broker that is starting
  }
  const sum = (values: readonly (number | undefined)[]): number =>
    values.reduce<number>((total, value) => total + (value ?? 0), 0);
  const consumers = sum(queues.map((queue) => queue.consumers));
  const messages = sum(queues.map((queue) => queue.messages_ready));
  return `${consumers} consumers, ${messages} messages`;
}
