import type { Scenario } from '../scenario.ts';
import { workers } from '../services.ts';

export const scale: Scenario = {
  key: 'scale',
  name: 'scale 2 → 10 → 2',
  kind: 'planned',
  async run({ stack, isFull }) {
    const scaled = isFull ? workers : workers.slice(0, 1);
    for (const count of [10, 2]) {
      for (const worker of scaled) await stack.scale(worker, count);
      for (const worker of scaled) await stack.services.running(worker, count);
    }
  },
};
