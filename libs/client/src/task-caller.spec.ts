import { openTaskMessage } from '@celeriac/protocol';
import type { AsyncResult } from './async-result.ts';
import type { Client } from './client.ts';
import { InvalidArgumentsError } from './task-errors.ts';
import { inMemoryClient } from './testing/in-memory-client.ts';
import { mathTasks } from './testing/math-tasks.ts';
import { resultOf } from './testing/results.ts';

/** Each can stand for the other, and neither is `any`. `true satisfies Same<A, B>` does not compile when they differ. */
type Same<A, B> = 0 extends 1 & A ? false : [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** The end of each body. */
const noCallbacks = ', {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]';

describe('the callers of a holder', () => {
  const { client, transport, lastPublished, reply } = inMemoryClient();
  const tasks = client.tasks(mathTasks);

  afterAll(() => client.close());

  /** What the call says on the wire. */
  function lastCall() {
    const { routingKey, headers, body } = lastPublished();
    const { task, argsrepr, kwargsrepr } = headers;
    return { queue: routingKey, task, argsrepr, kwargsrepr, body: body.toString().replace(noCallbacks, '') };
  }

  it('show the arguments of delay as a tuple, as Python does', async () => {
    await tasks.add.delay(7, 2);
    expect(lastCall()).toEqual({
      queue: 'math',
      task: 'math.add',
      argsrepr: '(7.0, 2.0)',
      kwargsrepr: '{}',
      body: '[[7.0, 2.0], {}',
    });
    await tasks.greet.delay('you');
    expect(lastCall()).toMatchObject({ task: 'greet', argsrepr: "('you',)" });
  });

  it('show the arguments of applyAsync as a list, and none as the empty tuple, as Python does', async () => {
    await tasks.add.applyAsync([7], { kwargs: { y: 0.5, precision: 3 } });
    expect(lastCall()).toEqual({
      queue: 'math',
      task: 'math.add',
      argsrepr: '[7.0]',
      kwargsrepr: "{'y': 0.5, 'precision': 3}",
      body: '[[7.0], {"y": 0.5, "precision": 3}',
    });
    await tasks.add.applyAsync([], { kwargs: { x: 1, y: 2 } });
    expect(lastCall()).toMatchObject({ argsrepr: '()', body: '[[], {"x": 1.0, "y": 2.0}' });
  });

  it('send what a plain task is given as it is', async () => {
    await tasks.anything.delay(7, 'a', [null]);
    expect(lastCall()).toMatchObject({ argsrepr: "(7, 'a', [None])", body: '[[7, "a", [null]], {}' });
    await tasks.anything.applyAsync([1], { kwargs: { any: true } });
    expect(lastCall()).toMatchObject({ kwargsrepr: "{'any': True}", body: '[[1], {"any": true}' });
  });

  it('take the options of a call', async () => {
    const result = await tasks.greet.applyAsync(['you'], {
      taskId: 'task-1',
      queue: 'elsewhere',
      priority: 4,
      headers: { tenant: 'acme' },
      timeLimit: 30,
      shadow: 'friendly',
    });
    const { routingKey, properties, headers, body } = lastPublished();
    expect(result.id).toBe('task-1');
    expect([routingKey, properties.priority, properties.correlationId]).toEqual(['elsewhere', 4, 'task-1']);
    const task = openTaskMessage({ properties, headers, body });
    expect(task.readRequest()).toMatchObject({
      id: 'task-1',
      shadow: 'friendly',
      timeLimits: { hardMs: 30_000 },
      headers: { tenant: 'acme' },
    });
  });

  it('give the result of their task', async () => {
    const result = await tasks.add.delay(7, 2);
    await reply(resultOf(result.id));
    expect(await result.get()).toBe(9);
    expect([result.name, tasks.add.name]).toEqual(['math.add', 'math.add']);
  });

  it.each<[string, () => Promise<unknown>, readonly { path: string; message: string }[]]>([
    [
      'a wrong type',
      () => tasks.add.delay(7, 'two' as unknown as number),
      [{ path: '/args/1', message: 'must be a number, got "two"' }],
    ],
    [
      'too few arguments',
      () => tasks.add.applyAsync([7]),
      [{ path: '/args/1', message: "is required: parameter 'y'" }],
    ],
    [
      'several problems at once',
      () =>
        tasks.add.applyAsync([7], { kwargs: { z: 1, precision: 0.5 } as unknown as { precision: number } }),
      [
        { path: '/kwargs/z', message: "is not a parameter; there are 'x', 'y', 'precision'" },
        { path: '/kwargs/precision', message: 'must be an integer, got 0.5' },
        { path: '/args/1', message: "is required: parameter 'y'" },
      ],
    ],
  ])('refuse %s, and publish nothing', async (_what, call, problems) => {
    const publishedBefore = transport.published.length;
    const error: unknown = await call().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InvalidArgumentsError);
    expect(error).toMatchObject({ code: 'ERR_INVALID_TASK', problems });
    expect(transport.published).toHaveLength(publishedBefore);
  });

  it('name task and argument of what they refuse', async () => {
    await expect(tasks.greet.applyAsync([])).rejects.toThrow("greet: /args/0 is required: parameter 'name'");
  });
});

/** Never called: types that hold, and what must not compile. */
export async function typesOfCallers(client: Client): Promise<unknown[]> {
  const { add, anything, ...others } = client.tasks(mathTasks);
  const sum = await add.delay(7, 2);
  true satisfies Same<typeof sum, AsyncResult<number>>;
  const answer = await sum.get();
  true satisfies Same<typeof answer, number>;
  const text = await others.greet.applyAsync(['you'], { countdown: 1 });
  true satisfies Same<typeof text, AsyncResult<string>>;
  const unknowable = await anything.delay(1, 'a', null);
  true satisfies Same<typeof unknowable, AsyncResult>;
  await add.delay(7, 2, 3);
  await add.applyAsync([7], { kwargs: { y: 2 } });

  // @ts-expect-error: a number is wanted
  await add.delay('7', 2);
  // @ts-expect-error: an argument is missing
  await add.delay(7);
  // @ts-expect-error: there are three parameters
  await add.delay(7, 2, 3, 4);
  // @ts-expect-error: no parameter has this name
  await add.applyAsync([7, 2], { kwargs: { z: 1 } });
  // @ts-expect-error: a parameter of another type
  await add.applyAsync([7], { kwargs: { y: 'two' } });
  // @ts-expect-error: there is no such option
  await add.applyAsync([7, 2], { count: 1 });
  // @ts-expect-error: an option of another type
  await add.applyAsync([7, 2], { eta: 'tomorrow' });
  // @ts-expect-error: the holder declares no such task
  const subtract: unknown = others.subtract;
  return [sum, answer, text, unknowable, subtract];
}
