import type { PublishMessage, Topology } from '@celeriac/amqp-transport';

/** The routing key of events that travel together. */
export const groupedTaskEvents = 'task.multi';

/**
 * Where events go: a topic exchange, to which each receiver binds a queue of its own.
 *
 * [EVENT-EXCHANGE] Source: Celery 5.7.0, celery/events/event.py `get_exchange`; recorded worker-startup:
 * `startup_default_E`.
 */
export function eventTopology(exchange: string): Topology {
  return {
    exchanges: [{ name: exchange, type: 'topic', durable: true, autoDelete: false }],
    queues: [],
    bindings: [],
  };
}

/** The routing key of an event that travels alone: `worker-online` → `worker.online`. */
export function eventRoutingKey(type: string): string {
  return type.replaceAll('-', '.');
}

/**
 * A message of one event or an array of them. Nobody need be listening, and it does not survive a restart of the broker.
 *
 * [EVENT-MESSAGE] Source: Celery 5.7.0, celery/events/dispatcher.py `EventDispatcher._publish`; recorded events.
 */
export function eventMessage(
  exchange: string,
  routingKey: string,
  nodeName: string,
  json: string,
): PublishMessage {
  return {
    exchange,
    routingKey,
    properties: {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      deliveryMode: 1,
      priority: 0,
    },
    headers: { hostname: nodeName },
    body: Buffer.from(json),
    mandatory: false,
  };
}
