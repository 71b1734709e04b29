import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { QueueNotFoundError, TaskQueues } from './task-queues.ts';
import { TaskRouting, type TaskRoute, type TaskRoutes } from './task-routes.ts';

function routed(
  routes: TaskRoutes | undefined,
  name: string,
  options: TaskRoute = {},
  queues = new TaskQueues(),
) {
  const { options: merged, queue } = new TaskRouting(routes, queues).resolveRoute(
    name,
    [1],
    { k: 2 },
    options,
  );
  return { ...merged, queue: queue?.name };
}

describe('TaskRouting', () => {
  it('leaves a call alone that no route is for', () => {
    expect(routed(undefined, 'add')).toEqual({ queue: undefined });
    expect(routed({ other: 'q' }, 'add', { priority: 3 })).toEqual({ priority: 3, queue: undefined });
  });

  it.each<[what: string, routes: TaskRoutes, name: string, queue: string | undefined]>([
    ['a name', { add: 'sums' }, 'add', 'sums'],
    ['a name with a route', { add: { queue: 'sums' } }, 'add', 'sums'],
    ['a pattern', { 'feed.tasks.*': 'feeds' }, 'feed.tasks.import', 'feeds'],
    ['a pattern over dots', { 'feed.*': 'feeds' }, 'feed.tasks.import', 'feeds'],
    ['a pattern, all of it', { 'feed.*.x': 'feeds' }, 'feed.tasks.xy', undefined],
    ['a pattern with one character', { 'feed?.*': 'feeds' }, 'feeds.a', 'feeds'],
    ['a pattern with a set', { '[ab]*': 'feeds' }, 'bee', 'feeds'],
    ['a pattern with a set turned round', { '[!ab]*': 'feeds' }, 'bee', undefined],
    ['a pattern whose dots are dots', { 'a.*': 'feeds' }, 'ax', undefined],
    ['no pattern without a star', { 'a?': 'feeds' }, 'ab', undefined],
    ['the name before a pattern', { 'f*': 'pattern', feed: 'name' }, 'feed', 'name'],
    ['the first of two patterns', { 'f*': 'first', 'fe*': 'second' }, 'feed', 'first'],
    ['pairs', [[['feed.*', 'feeds']]], 'feed.a', 'feeds'],
    ['a regular expression', [[[/(video|image)\.tasks\..*/, 'media']]], 'image.tasks.scale', 'media'],
    ['a regular expression, from the start', [[[/tasks/, 'media']]], 'image.tasks', undefined],
    ['a regular expression, not to the end', [[[/image/g, 'media']]], 'image.tasks', 'media'],
    ['a regular expression with flags', [[[/IMAGE/i, 'media']]], 'image', 'media'],
    ['a function', (name: string) => (name === 'add' ? { queue: 'fn' } : undefined), 'add', 'fn'],
    ['a function that gives a name', () => 'fn', 'add', 'fn'],
    ['the first router that knows', [() => null, { add: 'second' }, { add: 'third' }], 'add', 'second'],
  ])('goes by %s', (_what, routes, name, queue) => {
    // twice: a regular expression keeps no place
    expect(routed(routes, name).queue).toBe(queue);
    expect(routed(routes, name).queue).toBe(queue);
  });

  it('asks functions with name, arguments and options', () => {
    const router = jest.fn(() => undefined);
    routed(router, 'add', { priority: 3 });
    expect(router).toHaveBeenCalledWith('add', [1], { k: 2 }, { priority: 3 });
  });

  it('lets what the call gives win over the route, and nothing by undefined', () => {
    const routes = { add: { queue: 'sums', priority: 3, routingKey: 'a.b', exchange: 'x' } };
    expect(routed(routes, 'add', { queue: 'mine', priority: undefined })).toEqual({
      queue: 'mine',
      priority: 3,
      routingKey: 'a.b',
      exchange: 'x',
    });
  });

  it('gives queues as they are defined', () => {
    const queues = new TaskQueues({ queues: [{ name: 'sums', exchangeType: 'topic' }] });
    const routing = new TaskRouting({ add: 'sums' }, queues);
    expect(routing.resolveRoute('add', [], {}, {}).queue).toMatchObject({ exchangeType: 'topic' });
  });

  it('refuses a queue that is missing and may not be created, of a call and of a route', () => {
    const queues = new TaskQueues({ queues: ['known'], createMissing: false });
    expect(() => routed({ add: 'unknown' }, 'add', {}, queues)).toThrow(QueueNotFoundError);
    expect(() => routed(undefined, 'add', { queue: 'unknown' }, queues)).toThrow(
      'queue unknown is not among',
    );
    expect(routed({ add: 'unknown' }, 'add', { queue: 'known' }, queues).queue).toBe('known');
  });

  it.each<[unknown, string]>([
    [[['feed.*', 'feeds']], 'a router of task_routes must be pairs'],
    [[[[1, 'feeds']]], 'a router of task_routes must be pairs'],
    [
      'module.router',
      'a router of task_routes must be a function, an object or an array of pairs, got "module.router"',
    ],
    [[null], 'a router of task_routes must be a function'],
    [{ add: 3 }, 'the route of add must be an object or the name of a queue, got 3'],
    [
      { add: { routing_key: 'x' } },
      'the route of add must be made of queue, exchange, routingKey, priority, serializer, compression, got "routing_key"',
    ],
  ])('refuses %p when it is made', (routes, message) => {
    const make = (): unknown => new TaskRouting(routes as TaskRoutes, new TaskQueues());
    expect(make).toThrow(ImproperlyConfiguredError);
    expect(make).toThrow(message);
  });

  it('refuses what a function gives that is no route', () => {
    expect(() => routed(() => 3 as unknown as string, 'add')).toThrow('the route of add must be an object');
  });
});
