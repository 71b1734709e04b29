import { encodeTaskMessage } from '@celeriac/protocol';
import type { PoolTask } from '../pools/execution-pool.ts';

/** A call of a task of pool-tasks.ts, as its message came. */
export function poolTask(name: string, args: readonly unknown[] = []): PoolTask {
  const id = `id-of-${name}`;
  const message = encodeTaskMessage({ name, id, args, kwargs: {}, origin: 'spec@host' });
  return {
    id,
    message: { ...message, headers: { ...message.headers, bytes: Buffer.from([1]) } },
    deliveryInfo: { exchange: 'pooled', routingKey: 'pooled', priority: 0, redelivered: true },
    isResultWanted: true,
  };
}
