import { once } from 'node:events';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';

import { until } from '@celeriac/testing';

import { FakeTaskResult } from '../testing/fake-task-client.ts';
import { createTestProducer } from '../testing/producer.ts';

const failure = {
  excType: 'ValueError',
  excModule: 'builtins',
  message: "could not convert string to float: 'abc'",
  traceback: 'Traceback (most recent call last): …',
};

describe('GET /tasks/:id', () => {
  const { client, server } = createTestProducer();

  beforeEach(() => {
    client.reset();
  });

  it('shows a task that is not ready yet', async () => {
    client.remember(new FakeTaskResult('t1', 'add'));

    const response = await server.inject('/tasks/t1');

    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.json()).toEqual({ id: 't1', name: 'add', state: 'PENDING' });
  });

  it.each([
    ['add', 9, '9.0'],
    ['add', 0.1 + 0.2, '0.30000000000000004'],
    ['add', NaN, '"NaN"'],
    ['add', -Infinity, '"-Infinity"'],
    ['divide', -0, '-0.0'],
    ['divide', 'ND', '"ND"'],
    ['add', ['not', 'a number'], '["not", "a number"]'],
    ['anything', 9, '9'],
    ['anything', null, 'null'],
    ['anything', 2n ** 70n, '1180591620717411303424'],
    ['anything', { a: [NaN, { b: Infinity }], c: 'é' }, '{"a": ["NaN", {"b": "Infinity"}], "c": "\\u00e9"}'],
    ['task of somebody else', 1.5, '1.5'],
    ['', true, 'true'],
  ])('shows the result of %s, %p, as JSON that anyone can read', async (name, result, text) => {
    client.remember(new FakeTaskResult('t1', name).succeed(result));

    const response = await server.inject('/tasks/t1');

    expect(response.body).toBe(`{"id": "t1", "name": "${name}", "state": "SUCCESS", "result": ${text}}`);
    expect(() => JSON.parse(response.body) as unknown).not.toThrow();
  });

  it('shows why a task failed', async () => {
    client.remember(new FakeTaskResult('t1', 'add').fail(failure));

    expect((await server.inject('/tasks/t1')).json()).toEqual({
      id: 't1',
      name: 'add',
      state: 'FAILURE',
      error: {
        exc_type: 'ValueError',
        exc_module: 'builtins',
        message: "could not convert string to float: 'abc'",
        traceback: failure.traceback,
      },
    });
  });

  it.each(['nope', '__proto__', 'a%2Fb', 'x'.repeat(300)])('answers 404 for the id %s', async (id) => {
    const response = await server.inject(`/tasks/${id}`);

    expect(response.statusCode).toBe(404);
    expect(response.json()).toMatchObject({ type: 'urn:celeriac:problem:unknown-result', status: 404 });
  });

  it.each(['-1', '60.5', '1e1', 'abc', '', '5s', 'Infinity'])('refuses to wait for %j', async (wait) => {
    const task = client.remember(new FakeTaskResult('t1', 'add'));

    const response = await server.inject(`/tasks/t1?wait=${wait}`);

    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({
      type: 'urn:celeriac:problem:invalid-parameter',
      errors: [{ field: 'wait' }],
    });
    expect(task.longestWaitMs).toBe(0);
  });

  it('refuses two waits', async () => {
    client.remember(new FakeTaskResult('t1', 'add'));

    expect((await server.inject('/tasks/t1?wait=1&wait=2')).statusCode).toBe(400);
  });

  it('waits until the task is ready', async () => {
    const task = client.remember(new FakeTaskResult('t1', 'add'));

    const response = server.inject('/tasks/t1?wait=60').then((answer) => answer.json<unknown>());
    await until(() => task.waiting === 1);
    task.succeed(9);

    expect(await response).toEqual({ id: 't1', name: 'add', state: 'SUCCESS', result: 9 });
    expect(task.longestWaitMs).toBe(60_000);
  });

  it('answers with the state when the time is over', async () => {
    const task = client.remember(new FakeTaskResult('t1', 'add'));

    const response = await server.inject('/tasks/t1?wait=0.05');

    expect(response.json()).toEqual({ id: 't1', name: 'add', state: 'PENDING' });
    expect(task.longestWaitMs).toBe(50);
  });

  it.each(['0', '0.0'])('does not wait for %s seconds, nor for a task that is ready', async (wait) => {
    const pending = client.remember(new FakeTaskResult('pending', 'add'));
    const ready = client.remember(new FakeTaskResult('ready', 'add').succeed(1));

    expect((await server.inject(`/tasks/pending?wait=${wait}`)).json()).toMatchObject({ state: 'PENDING' });
    expect((await server.inject('/tasks/ready?wait=60')).json()).toMatchObject({ state: 'SUCCESS' });
    expect([pending.longestWaitMs, ready.longestWaitMs]).toEqual([0, 0]);
  });

  it('stops waiting when the client goes away', async () => {
    const { client, server } = createTestProducer();
    const task = client.remember(new FakeTaskResult('t1', 'add'));
    await server.listen({ host: '127.0.0.1', port: 0 });
    try {
      const { port } = server.server.address() as AddressInfo;
      const request = get({ host: '127.0.0.1', port, path: '/tasks/t1?wait=60' });
      const closed = once(request, 'error');
      await until(() => task.waiting === 1);

      request.destroy(new Error('gone'));
      await closed;
      await until(() => task.waiting === 0);

      expect(task.isReady).toBe(false);
    } finally {
      await server.close();
    }
  });

  it('answers waits with the state as it is when the server closes', async () => {
    const { client, server } = createTestProducer();
    const task = client.remember(new FakeTaskResult('t1', 'add'));
    await server.listen({ host: '127.0.0.1', port: 0 });
    const { port } = server.server.address() as AddressInfo;
    const response = fetch(`http://127.0.0.1:${port}/tasks/t1?wait=60`).then((answer) => answer.json());
    await until(() => task.waiting === 1);

    await server.close();

    expect(await response).toEqual({ id: 't1', name: 'add', state: 'PENDING' });
    expect(task.waiting).toBe(0);
  });
});
