import type { RecordedAction } from '@celeriac/testing';
import { loadVectors } from '@celeriac/testing';
import { taskQueueTopology } from './task-queue-topology.ts';

const { trace = [] } = loadVectors('calculator').cases.find(({ name }) => name === 'publish_addition') ?? {};

/** What the recorded producer declared for its task queue, by kind of declaration. */
function declared(kind: string): RecordedAction[] {
  return trace.filter((step) => step.action === kind && JSON.stringify(step).includes('"addition"'));
}

describe('taskQueueTopology', () => {
  const { exchanges, queues, bindings } = taskQueueTopology(['addition']);

  it('declares the exchanges that a Python producer declared', () => {
    const wire = exchanges.map(({ name, type, durable, autoDelete }) => ({
      exchange: name,
      type,
      durable,
      auto_delete: autoDelete,
      arguments: {},
    }));
    expect(declared('exchange.declare')).toMatchObject(wire);
  });

  it('declares the queues that a Python producer declared', () => {
    const wire = queues.map(({ name, durable, exclusive, autoDelete }) => ({
      queue: name,
      durable,
      exclusive,
      auto_delete: autoDelete,
      arguments: {},
    }));
    expect(declared('queue.declare')).toMatchObject(wire);
  });

  it('binds them as a Python producer did', () => {
    const wire = bindings.map(({ queue, exchange, routingKey }) => ({
      queue,
      exchange,
      routing_key: routingKey,
      arguments: {},
    }));
    expect(declared('queue.bind')).toMatchObject(wire);
  });

  it('declares each of several queues', () => {
    expect(taskQueueTopology(['a', 'b']).bindings.map(({ queue }) => queue)).toEqual(['a', 'b']);
  });
});
