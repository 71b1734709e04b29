import { ImproperlyConfiguredError } from '@celeriac/primitives';
import type { CompressionName } from './compression.ts';
import { globMatcher } from './glob-matcher.ts';
import type { SerializerName } from './serializer.ts';
import type { ResolvedTaskQueue, TaskQueue } from './task-queue.ts';
import type { TaskQueues } from './task-queues.ts';

/** Where and how to send a call. */
export interface TaskRoute {
  readonly queue?: string | TaskQueue | undefined;
  /** Given together with `routingKey`, calls are published there, whatever the queue; alone, it counts unless the queue's is direct. */
  readonly exchange?: string | undefined;
  readonly routingKey?: string | undefined;
  /** 0 to 255. */
  readonly priority?: number | undefined;
  readonly serializer?: SerializerName | undefined;
  readonly compression?: CompressionName | undefined;
}

const routeOptions: readonly string[] = [
  'queue',
  'exchange',
  'routingKey',
  'priority',
  'serializer',
  'compression',
] satisfies (keyof TaskRoute)[];

type Keywords = Readonly<Record<string, unknown>>;

/** Tells where to send a call, or nothing when it does not know. A text is the name of a queue. */
export type RouteFunction = (
  name: string,
  args: readonly unknown[],
  kwargs: Keywords,
  options: Keywords,
) => TaskRoute | string | null | undefined;

/** Routes by the name of a task, or by a pattern with `*`, such as `feed.tasks.*`. A text is the name of a queue. */
export type RouteMap = Readonly<Record<string, TaskRoute | string>>;

/**
 * As {@link RouteMap}, in pairs, where regular expressions can stand; they match from the start of a name. Callers choose
 * the names of callbacks: an expression must be linear on any text, as `/(a+)+b/` is not. Patterns with `*` always are.
 */
export type RoutePairs = readonly (readonly [string | RegExp, TaskRoute | string])[];

export type TaskRouter = RouteFunction | RouteMap | RoutePairs;

/** `task_routes`: a router, or several in an array. Pairs have to be in such an array: `[[['feed.*', 'feeds']]]`. */
export type TaskRoutes = RouteFunction | RouteMap | readonly TaskRouter[];

/** A call's options with its route, and the queue that they name. */
export interface RoutedCall<Options> {
  readonly options: Options;
  readonly queue: ResolvedTaskQueue | undefined;
}

/**
 * Routes calls by `task_routes`.
 *
 * [TASK-ROUTES] Source: Celery 5.7.0, celery/app/routes.py.
 */
export class TaskRouting {
  readonly #routers: readonly RouteFunction[];
  readonly #queues: TaskQueues;

  /** @throws ImproperlyConfiguredError when the routes are not what `task_routes` may be */
  constructor(routes: TaskRoutes | undefined, queues: TaskQueues) {
    this.#routers = prepareRoutes(routes);
    this.#queues = queues;
  }

  /**
   * The options of a call with those of its route, the first that any router knows. What the call gives wins over the
   * route; nothing is given by `undefined` and `null`.
   *
   * @throws QueueNotFoundError when options or route name a queue that is missing and may not be created
   * @throws ImproperlyConfiguredError when a function gives no route
   */
  resolveRoute<Options extends TaskRoute>(
    name: string,
    args: readonly unknown[],
    kwargs: Keywords,
    options: Options,
  ): RoutedCall<Options> {
    if (this.#routers.length === 0) return { options, queue: this.#queueOf(options) };
    const given = withoutAbsent(options);
    const route = this.#lookup(name, args, kwargs, given);
    const merged = { ...withoutAbsent(route ?? {}), ...given } as TaskRoute as Options;
    return { options: merged, queue: this.#queueOf(merged) };
  }

  #queueOf({ queue }: TaskRoute): ResolvedTaskQueue | undefined {
    return queue === undefined ? undefined : this.#queues.get(queue);
  }

  #lookup(
    name: string,
    args: readonly unknown[],
    kwargs: Keywords,
    options: Keywords,
  ): TaskRoute | undefined {
    for (const router of this.#routers) {
      const route = router(name, args, kwargs, options) ?? undefined;
      if (route !== undefined) return asRoute(route, `the route of ${name}`);
    }
    return undefined;
  }
}

function prepareRoutes(routes: TaskRoutes | undefined): readonly RouteFunction[] {
  if (routes === undefined) return [];
  const routers = isArray(routes) ? routes : [routes];
  return routers.map((router) => (typeof router === 'function' ? router : mapRoute(pairsOf(router))));
}

function pairsOf(router: RouteMap | RoutePairs): RoutePairs {
  if (typeof router !== 'object' || (router as object | null) === null)
    throw wrong('a function, an object or an array of pairs', router);
  if (!isArray(router)) return Object.entries(router);
  for (const pair of router as readonly unknown[]) {
    if (isArray(pair) && pair.length === 2 && (typeof pair[0] === 'string' || pair[0] instanceof RegExp))
      continue;
    throw wrong('pairs of a name or a regular expression and a route, in an array within the array', pair);
  }
  return router;
}

/** Names come before patterns; of the patterns, the first that matches counts. */
function mapRoute(pairs: RoutePairs): RouteFunction {
  const names = new Map<string, TaskRoute>();
  const patterns: (readonly [(name: string) => boolean, TaskRoute])[] = [];
  for (const [key, value] of pairs) {
    const route = asRoute(value, `the route of ${String(key)}`);
    if (key instanceof RegExp) patterns.push([matcherFromStart(key), route]);
    else if (key.includes('*')) patterns.push([globMatcher(key), route]);
    else names.set(key, route);
  }
  return (name) => names.get(name) ?? patterns.find(([matches]) => matches(name))?.[1];
}

/** Sticky at the start, as Python's `match`; without `g` it would be the same. */
function matcherFromStart({ source, flags }: RegExp): (name: string) => boolean {
  const pattern = new RegExp(source, `${flags.replace(/[gy]/g, '')}y`);
  return (name) => {
    pattern.lastIndex = 0;
    return pattern.test(name);
  };
}

function asRoute(route: unknown, what: string): TaskRoute {
  if (typeof route === 'string') return { queue: route };
  if (typeof route !== 'object' || route === null || isArray(route))
    throw wrong('an object or the name of a queue', route, what);
  const stranger = Object.keys(route).find((option) => !routeOptions.includes(option));
  if (stranger !== undefined) throw wrong(`made of ${routeOptions.join(', ')}`, stranger, what);
  return route;
}

function withoutAbsent(options: object): Keywords {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined && value !== null),
  );
}

function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function wrong(
  expected: string,
  value: unknown,
  what = 'a router of task_routes',
): ImproperlyConfiguredError {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return new ImproperlyConfiguredError(`${what} must be ${expected}, got ${shown}`);
}
