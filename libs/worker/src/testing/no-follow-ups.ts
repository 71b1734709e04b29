import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { TaskRegistry } from '@celeriac/task-registry';
import { FollowUps } from '../follow-ups.ts';

/** For specs of tasks that nothing follows: what would be sent goes to a broker of its own. */
export function noFollowUps(): FollowUps {
  return new FollowUps({
    transport: new InMemoryTransport(),
    registry: new TaskRegistry(),
    defaultQueue: 'shop',
    nodeName: 'w1@host',
    clock: { now: () => 0 },
  });
}
