/** Our calls after a task beside those that Celery itself makes of the same signatures, field by field. */
import { callsOnSuccess, encodeTaskMessage, type Signature, type SignatureCall } from '@celeriac/protocol';
import { describeWithPython } from './describe-with-python.ts';
import { runDriver } from './python-driver.ts';

/** A line of `drivers/canvas_calls.py`. */
interface Made {
  readonly calls: readonly {
    readonly headers: Readonly<Record<string, unknown>>;
    readonly priority: number;
    readonly body: readonly [unknown, unknown, unknown];
    readonly route: Readonly<Record<'exchange' | 'routing_key' | 'queue', string | null>>;
  }[];
  readonly children: readonly unknown[];
}

function task(name: string, options: object = {}, ...args: unknown[]): Signature {
  return { task: name, args, kwargs: {}, options: { ...options }, subtask_type: null, immutable: false };
}

function canvas(type: 'group' | 'chain', tasks: readonly Signature[], options: object = {}): Signature {
  return { ...task(`celery.${type}`, options), subtask_type: type, kwargs: { tasks } };
}

const group = (...tasks: Signature[]) => canvas('group', tasks);
const chain = (...tasks: Signature[]) => canvas('chain', tasks);
const everyOption = {
  ...{ task_id: 'its-own', reply_to: 'replies', queue: 'q', priority: 3, shadow: 's', headers: { h: 1 } },
  ...{ retries: 2, time_limit: 5, soft_time_limit: 4, ignore_result: true },
};
const chainOptions = { queue: 'q', priority: 2, task_id: 'last', link: [task('l')], link_error: [task('e')] };

const signatures: Readonly<Record<string, Signature>> = {
  'a task': task('a', {}, 1),
  'a task with options': task('a', everyOption, 1),
  'an immutable task': { ...task('a'), immutable: true },
  'a task with callbacks': task('a', { link: [task('l')], link_error: [task('e', { queue: 'q' })] }),
  'a stamped task': task('a', { stamped_headers: ['stamp'], stamp: 'value' }),
  'a task in a chord': task('a', { chord: task('body'), group_id: 'g', group_index: 3 }),
  'a task for an exchange': task('a', { exchange: 'x', routing_key: 'k', queue: 'q' }),
  'a group': group(task('a', {}, 1), task('b')),
  'a group with options': canvas('group', [task('a', { priority: 1 }), task('b')], {
    queue: 'q',
    priority: 4,
  }),
  'a group of chains': group(chain(task('a'), task('b')), task('c'), chain(task('d'), task('e'), task('f'))),
  'a group with a chain that ends in a group': group(
    chain(task('a'), group(task('b'), task('c'))),
    task('d'),
  ),
  'a chain': chain(task('a'), task('b', {}, 2), task('c')),
  'a chain with options': canvas('chain', [task('a'), task('b', { link: [task('own')] })], chainOptions),
  'a chain that ends in a group': chain(task('a'), group(task('b'), task('c'))),
  'a chain with arguments': { ...chain(task('a', {}, 2), task('b')), args: [7] },
  'an immutable chain': { ...chain(task('a', {}, 2), task('b')), immutable: true },
  'a chain with an immutable step': chain({ ...task('a'), immutable: true }, task('b')),
  'chains in a chain': chain(chain(task('a'), task('b')), group(task('c')), chain(task('d'))),
};

const rest = [task('third', { task_id: '3' }), task('second', { task_id: '2' })];
const cases = Object.entries(signatures).flatMap(([name, signature]) => [
  { name: `${name}, as callback`, signature, chain: null },
  { name: `${name}, as step of a chain`, signature, chain: rest },
]);

/** Who made a call, and what only those have a use for who wait for it. Whose child it is, is looked at apart. */
const apart = new Set(['origin', 'lang', 'reply_to', 'root_id', 'parent_id']);

/** Keys in one order, and ids that were made up by the order in which they come. */
function comparable(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(
          Object.entries(inner)
            .filter(([name]) => !apart.has(name))
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : inner,
  );
  const names = new Map<string, string>();
  const named = text.replace(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, (id) => {
    const name = names.get(id) ?? `<id ${names.size}>`;
    names.set(id, name);
    return name;
  });
  return JSON.parse(named);
}

/** Celery 5.7 leaves `ignore_result` open for tasks that it does not know; the recorded releases say false, as we do. */
function theirs({ calls, children }: Made) {
  return {
    children,
    calls: calls.map(({ headers, priority, body, route: { exchange, routing_key: routingKey, queue } }) => ({
      headers: { ...headers, ignore_result: headers['ignore_result'] ?? false },
      priority,
      body,
      route: exchange === null ? { queue } : { exchange, routingKey },
    })),
  };
}

function ours({ call, route }: SignatureCall) {
  const { headers, properties, body } = encodeTaskMessage(call);
  return {
    headers,
    priority: properties.priority,
    body: JSON.parse(body.toString()) as unknown,
    route: route.exchange === undefined ? { queue: route.queue ?? 'celery' } : route,
  };
}

describeWithPython(
  'the calls that follow a task',
  (python) => {
    let made: readonly Made[] = [];

    beforeAll(async () => {
      const input = cases.map(({ signature, chain: steps }) => JSON.stringify({ signature, chain: steps }));
      made = await runDriver<Made>(python, 'canvas_calls', [], input);
    });

    it.each(cases.map((each, index) => ({ ...each, index })))('are those of Celery: $name', (each) => {
      const expected = made[each.index];
      if (expected === undefined) throw new Error('Celery made nothing of it');
      const { signature, chain: steps } = each;
      const { made: makeCalls } = callsOnSuccess(
        {
          callbacks: steps === null ? [signature] : null,
          chain: steps === null ? null : [...steps, signature],
          errbacks: null,
          chord: null,
        },
        5,
        { parentId: 'parent', rootId: 'root', origin: 'gen1@host', now: new Date() },
        { maxCalls: 100, maxBytes: 1_000_000 },
      );
      const calls: SignatureCall[] = [];
      const making = makeCalls();
      let next = making.next();
      for (; next.done !== true; next = making.next()) calls.push(next.value);
      const children = next.value;
      for (const { call } of calls) expect([call.parentId, call.rootId]).toEqual(['parent', 'root']);
      expect(comparable({ calls: calls.map(ours), children })).toEqual(comparable(theirs(expected)));
    });
  },
  ['newest'], // what the older ones do differs in ids and indices of groups, which we write as the newest does
);
