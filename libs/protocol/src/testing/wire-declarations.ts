import type { RecordedAction } from '@celeriac/testing';
import type { QueueArgument } from '../task-queue.ts';
import type { TaskQueueTopology } from '../task-queue-topology.ts';

/** A declaration as the recorder writes it down, with the wire's names. */
export type WireDeclaration = Readonly<Record<string, unknown>>;

const kinds = ['exchange.declare', 'queue.declare', 'queue.bind', 'exchange.bind'];

/** The recorded declarations that mention one of the texts, by kind and in order. */
export function declaredBy(trace: readonly RecordedAction[], ...only: readonly string[]): WireDeclaration[] {
  const mentioned = trace.filter((step) => only.some((text) => JSON.stringify(step).includes(text)));
  return kinds.flatMap((kind) => mentioned.filter(({ action }) => action === kind)).map(withoutNoise);
}

/** What a topology says on the wire, by kind and in order. */
export function wireDeclarations(topology: TaskQueueTopology): WireDeclaration[] {
  return [
    ...topology.exchanges.map(({ name, type, durable, autoDelete, arguments: given = {} }) => ({
      action: 'exchange.declare',
      exchange: name,
      type,
      durable,
      auto_delete: autoDelete,
      ...wireArguments(given),
    })),
    ...topology.queues.map(({ name, durable, exclusive, autoDelete, arguments: given = {} }) => ({
      action: 'queue.declare',
      queue: name,
      durable,
      exclusive,
      auto_delete: autoDelete,
      ...wireArguments(given),
    })),
    ...topology.bindings.map(({ queue, exchange, routingKey, arguments: given = {} }) => ({
      action: 'queue.bind',
      queue,
      exchange,
      routing_key: routingKey,
      ...wireArguments(given),
    })),
    ...(topology.exchangeBindings ?? []).map(({ destination, source, routingKey }) => ({
      action: 'exchange.bind',
      destination,
      source,
      routing_key: routingKey,
      arguments: {},
    })),
  ];
}

/** What no declaration of a task queue varies in. */
function withoutNoise(step: RecordedAction): WireDeclaration {
  const noise = ['by', 'method', 'passive', 'internal', 'nowait'];
  return Object.fromEntries(Object.entries(step).filter(([name]) => !noise.includes(name)));
}

function wireArguments(given: Readonly<Record<string, QueueArgument>>): WireDeclaration {
  if (Object.keys(given).length === 0) return { arguments: {} };
  const types = Object.entries(given).map(([name, value]) => [name, wireType(value)]);
  return { arguments: given, arguments_types: Object.fromEntries(types) };
}

/** As py-amqp has them; of its `L` our transport makes RabbitMQ's `l`. */
function wireType(value: QueueArgument): string {
  if (typeof value !== 'number') return 'S';
  return value > 0x7fffffff ? 'L' : 'I';
}
