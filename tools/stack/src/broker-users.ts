import { workerServices } from './app-services.ts';

/**
 * A user of the broker and what it may do. The permissions are regular expressions of RabbitMQ: `configure` is for what is
 * declared and deleted, `write` for what is published to (and for the queue of a binding), `read` for what is consumed (and
 * for the exchange of a binding).
 */
export interface BrokerUser {
  readonly name: string;
  /** For RabbitMQ's management pages. */
  readonly tags: readonly string[];
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

/** Users besides those of the apps, each with a broker URL of its own. */
export const guestUsers = ['caller', 'monitoring'] as const;

/** The reply queue of a client of ours: a random UUID, which nobody can guess. */
const ourReplyQueue = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';
/** That of any client: Python makes a UUID of another version from its node, process and thread. */
const anyReplyQueue = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
/** The default exchange. Whoever may write to it may publish to every queue, by the queue's name. */
const defaultExchange = 'amq\\.default';

/**
 * One user for each app, and for what else talks to the broker. All task queues, the queues and exchanges of delays and their
 * bindings are made by docker/rabbitmq/topology.json, so that no user needs the rights to declare them for others.
 */
export function brokerUsers(): readonly BrokerUser[] {
  return [
    ...workerServices.map(worker),
    withPermissions('producer', {
      configure: [ourReplyQueue],
      write: [defaultExchange],
      read: [ourReplyQueue],
    }),
    withPermissions('caller', {
      configure: [anyReplyQueue, keptResults],
      write: [defaultExchange],
      read: [anyReplyQueue, keptResults],
    }),
    {
      ...withPermissions('monitoring', {
        configure: ['celeryev', eventQueues],
        write: [eventQueues],
        read: ['celeryev', eventQueues],
      }),
      tags: ['monitoring'],
    },
    { name: 'operator', tags: ['administrator'], configure: '.*', write: '.*', read: '.*' },
  ];
}

/** `celeriac call --keep-result`, and `celeriac result`. */
const keptResults = 'celeriac\\.result\\..+';
/** A queue of each receiver of events. */
const eventQueues = 'celeryev\\..+';

/**
 * A worker consumes and declares the queue that is named after it, and its own (`worker_direct`). It publishes results and calls
 * through the default exchange, events, and messages that are not due to the exchanges of delays: to these it may only publish,
 * as their queues hold the calls of all workers.
 */
function worker(queue: string): BrokerUser {
  const own = [queue, `${queue}@[^@]+\\.dq2`];
  const startedTasks = 'celeriac\\.started\\..+';
  return withPermissions(queue, {
    configure: [...own, 'C\\.dq2', 'celeryev', startedTasks],
    write: [...own, defaultExchange, 'celeryev', 'celery_delayed_[0-9]+', startedTasks],
    read: [...own, 'C\\.dq2', startedTasks],
  });
}

function withPermissions(
  name: string,
  patterns: Readonly<Record<'configure' | 'write' | 'read', readonly string[]>>,
): BrokerUser {
  const { configure, write, read } = patterns;
  return {
    name,
    tags: [],
    configure: anchored(configure),
    write: anchored(write),
    read: anchored(read),
  };
}

/** A pattern that is not anchored would be searched for in the middle of a name. */
function anchored(patterns: readonly string[]): string {
  return `^(?:${patterns.join('|')})$`;
}
