import {
  delayedDeliveryBindingForQueue,
  delayedDeliveryTopology,
  taskQueueTopology,
} from '@celeriac/protocol';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workerServices } from './app-services.ts';

interface Declared {
  readonly name: string;
  readonly vhost: string;
  readonly durable: boolean;
  readonly auto_delete: boolean;
  readonly type?: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

interface Bound {
  readonly source: string;
  readonly destination: string;
  readonly destination_type: string;
  readonly routing_key: string;
  readonly vhost: string;
}

interface Definitions {
  readonly exchanges: readonly Declared[];
  readonly queues: readonly Declared[];
  readonly bindings: readonly Bound[];
}

const file = join(__dirname, '../../../docker/rabbitmq/topology.json');
const definitions = JSON.parse(readFileSync(file, 'utf8')) as Definitions;

/** What workers and callers declare where they may; a difference would be refused by the broker (406). */
const expected = [
  taskQueueTopology(workerServices.map((name) => ({ name, queueType: 'quorum' as const }))),
  delayedDeliveryTopology('quorum'),
  ...workerServices.map(delayedDeliveryBindingForQueue),
];

const sorted = (lines: readonly unknown[]): readonly string[] =>
  lines.map((line) => JSON.stringify(line)).sort();

describe('docker/rabbitmq/topology.json', () => {
  it('has the exchanges that are declared for task queues and delays, and that of events', () => {
    const events = { name: 'celeryev', type: 'topic', durable: true, autoDelete: false };
    const exchanges = [...expected.flatMap((topology) => topology.exchanges), events];
    expect(sorted(definitions.exchanges.map(({ name, type, durable }) => [name, type, durable]))).toEqual(
      sorted(exchanges.map(({ name, type, durable }) => [name, type, durable])),
    );
    expect(definitions.exchanges.every((exchange) => !exchange.auto_delete)).toBe(true);
  });

  it('has their queues, as quorum queues', () => {
    const queues = expected.flatMap((topology) => topology.queues);
    const described = definitions.queues.map((queue) => [
      queue.name,
      queue.durable,
      queue.auto_delete,
      sorted(Object.entries(queue.arguments)),
    ]);
    expect(sorted(described)).toEqual(
      sorted(
        queues.map(({ name, durable, autoDelete, arguments: given = {} }) => [
          name,
          durable,
          autoDelete,
          sorted(Object.entries(given)),
        ]),
      ),
    );
  });

  it('has their bindings, of queues and of exchanges', () => {
    const bindings = expected.flatMap(({ bindings: ofQueues, exchangeBindings = [] }) => [
      ...ofQueues.map(({ exchange, queue, routingKey }) => [exchange, 'queue', queue, routingKey]),
      ...exchangeBindings.map(({ source, destination, routingKey }) => [
        source,
        'exchange',
        destination,
        routingKey,
      ]),
    ]);
    const described = definitions.bindings.map((binding) => [
      binding.source,
      binding.destination_type,
      binding.destination,
      binding.routing_key,
    ]);
    expect(sorted(described)).toEqual(sorted(bindings));
  });

  it('is of the virtual host of the stack alone', () => {
    const all = [...definitions.exchanges, ...definitions.queues, ...definitions.bindings];
    expect(new Set(all.map(({ vhost }) => vhost))).toEqual(new Set(['celeriac']));
  });
});
