import { CeleryError } from '@celeriac/primitives';
import type { CeleryErrorCode } from '@celeriac/primitives';
import { EncodeError, writeJson } from '@celeriac/protocol';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';

import { maxBodyBytes } from '../request-body.ts';
import { problemContentType } from '../problem.ts';
import { FakeTaskResult } from '../testing/fake-task-client.ts';
import { createTestProducer, nowMs } from '../testing/producer.ts';

const json = { 'content-type': 'application/json' };

function post(name: string, payload?: string, headers: InjectOptions['headers'] = json): InjectOptions {
  return { method: 'POST', url: `/tasks/${name}`, headers, ...(payload === undefined ? {} : { payload }) };
}

interface ProblemAnswer {
  readonly errors: readonly { readonly field: string; readonly message: string }[];
  readonly detail: string;
}

function fieldsOf(response: LightMyRequestResponse): string[] {
  return response.json<ProblemAnswer>().errors.map(({ field }) => field);
}

describe('POST /tasks/:name', () => {
  const { client, server } = createTestProducer();

  beforeEach(() => {
    client.reset();
  });

  it('publishes the call and answers 202 with the id and where to ask for the result', async () => {
    const response = await server.inject(post('add', '{"args": [{"num_1": 7, "num_2": 2}]}'));

    const [call] = client.sent;
    expect(client.sent).toEqual([
      {
        name: 'add',
        args: [{ num_1: 7, num_2: 2 }],
        kwargs: {},
        options: { queue: 'addition', taskId: call?.options.taskId },
      },
    ]);
    const id = call?.options.taskId ?? '';
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(response.statusCode).toBe(202);
    expect(response.headers.location).toBe(`/tasks/${id}`);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.json()).toEqual({ id, name: 'add', queue: 'addition', status_url: `/tasks/${id}` });
    expect((await server.inject(`/tasks/${id}`)).json()).toMatchObject({ id, name: 'add', state: 'PENDING' });
  });

  it.each([
    ['{"args": [{"num_1": 7, "num_2": 2}]}', '[{"num_1": 7, "num_2": 2}]'],
    ['{"args": [{"num_1": 7.0, "num_2": -0.0}]}', '[{"num_1": 7.0, "num_2": -0.0}]'],
    ['{"args": [{"num_1": 1e3, "num_2": 2.5}]}', '[{"num_1": 1000.0, "num_2": 2.5}]'],
    [
      '{"args":[{"num_1":1180591620717411303424,"num_2":9007199254740993}]}',
      '[{"num_1": 1180591620717411303424, "num_2": 9007199254740993}]',
    ],
    ['{"args": [{"num_1": NaN, "num_2": -Infinity}]}', '[{"num_1": NaN, "num_2": -Infinity}]'],
    [
      '{"args": [{"num_1": "1_0", "num_2": true, "note": "é\\u0001"}]}',
      '[{"num_1": "1_0", "num_2": true, "note": "\\u00e9\\u0001"}]',
    ],
    [
      '{"args": [{"num_1": 1, "num_2": 2, "__proto__": {"x": 1}}]}',
      '[{"num_1": 1, "num_2": 2, "__proto__": {"x": 1}}]',
    ],
  ])('publishes the arguments of %s as Python would write them', async (body, args) => {
    const response = await server.inject(post('add', body));

    expect(response.statusCode).toBe(202);
    expect(client.sent.map((call) => writeJson(call.args))).toEqual([args]);
  });

  it('publishes keyword arguments losslessly', async () => {
    await server.inject(post('divide', '{"kwargs": {"payload": {"num_1": 3.0, "num_2": 2}}}'));

    expect(client.sent.map(({ args, kwargs }) => [args, writeJson(kwargs)])).toEqual([
      [[], '{"payload": {"num_1": 3.0, "num_2": 2}}'],
    ]);
  });

  it('passes options on in the units of the client', async () => {
    const options = {
      eta: '2026-11-22T12:30:00+00:00',
      expires: 3600.5,
      priority: 9,
      task_id: 'order-17:retry.1',
      queue: 'greetings-canary',
      headers: { tenant: 'a', depth: { list: [1, null, 'x', true] } },
      time_limit: 10,
      soft_time_limit: 7.5,
      ignore_result: true,
    };

    const response = await server.inject(post('greet', JSON.stringify({ args: ['Ada', 2], options })));

    expect(response.json()).toEqual({
      id: 'order-17:retry.1',
      name: 'greet',
      queue: 'greetings-canary',
      status_url: '/tasks/order-17:retry.1',
    });
    expect(client.sent).toEqual([
      {
        name: 'greet',
        args: ['Ada', 2],
        kwargs: {},
        options: {
          eta: new Date(nowMs + 30 * 60_000),
          expires: 3600.5,
          priority: 9,
          taskId: 'order-17:retry.1',
          queue: 'greetings-canary',
          headers: options.headers,
          timeLimit: 10,
          softTimeLimit: 7.5,
          ignoreResult: true,
        },
      },
    ]);
  });

  it.each([
    ['{"countdown": 5.0}', { countdown: 5 }],
    ['{"countdown": 0}', { countdown: 0 }],
    ['{"priority": 0}', { priority: 0 }],
    ['{"priority": 255.0}', { priority: 255 }],
    ['{"eta": "2020-01-01T00:00:00"}', { eta: new Date(Date.UTC(2020, 0, 1)) }],
    ['{"expires": "2026-11-22T14:00:00+02:00", "countdown": 0}', undefined],
    ['{"expires": "2026-11-22T14:00:01+02:00"}', { expires: new Date(nowMs + 1000) }],
    ['{"expires": 0.001}', { expires: 0.001 }],
    ['{"soft_time_limit": 3, "time_limit": 3}', { softTimeLimit: 3, timeLimit: 3 }],
    ['{"ignore_result": false}', { ignoreResult: false }],
    ['{}', {}],
  ])('reads the options %s', async (options, expected) => {
    const response = await server.inject(
      post('fakeadd', `{"args": [{"num_1": 1, "num_2": 2}], "options": ${options}}`),
    );

    if (expected === undefined) {
      expect(response.statusCode).toBe(422);
      expect(client.sent).toEqual([]);
    } else {
      expect(response.statusCode).toBe(202);
      expect(client.sent[0]?.options).toEqual({
        ...expected,
        queue: 'addition',
        taskId: client.sent[0]?.options.taskId,
      });
    }
  });

  it('keeps floats of custom headers floats', async () => {
    await server.inject(post('anything', '{"options": {"headers": {"ratio": 1.0, "count": 1}}}'));

    expect(writeJson(client.sent[0]?.options.headers)).toBe('{"ratio": 1.0, "count": 1}');
  });

  it.each([{}, json])(
    'takes no body at all as a call without arguments, with the headers %j',
    async (headers) => {
      const response = await server.inject(post('anything', undefined, headers));

      expect(response.statusCode).toBe(202);
      expect(client.sent).toMatchObject([{ name: 'anything', args: [], kwargs: {} }]);
    },
  );

  it('publishes to the first queue that serves the task when none is named', async () => {
    await server.inject(post('greet', '{"args": ["Ada"]}'));

    expect(client.sent[0]?.options.queue).toBe('greetings');
  });

  it.each(['nope', 'ADD', '__proto__', 'constructor', 'toString', 'a%2Fb', ''])(
    'answers 404 for the task %j before it reads the body',
    async (name) => {
      const response = await server.inject(post(name, '{not json'));

      expect(response.statusCode).toBe(404);
      expect(response.headers['content-type']).toBe(problemContentType);
      expect(response.json()).toMatchObject({ type: 'urn:celeriac:problem:unknown-task', status: 404 });
      expect(client.sent).toEqual([]);
    },
  );

  it.each([
    ['null', ['']],
    ['[]', ['']],
    ['7', ['']],
    ['"add"', ['']],
    ['{"arg": []}', ['/arg']],
    ['{"args": {}}', ['/args']],
    ['{"args": null}', ['/args']],
    ['{"args": "x"}', ['/args']],
    ['{"kwargs": []}', ['/kwargs']],
    ['{"options": 1.0}', ['/options']],
    [
      '{"args": 1, "kwargs": 2, "options": 3, "__proto__": 4, "a/b~c": 5}',
      ['/args', '/kwargs', '/options', '/__proto__', '/a~1b~0c'],
    ],
    [
      '{"kwargs": {"__type__": "uuid", "__value__": {"hex": "7d1f0f9c5a644a5e9b0a3f2d1c0b9a88"}}}',
      ['/kwargs'],
    ],
  ])('refuses the shape of %s', async (body, fields) => {
    const response = await server.inject(post('anything', body));

    expect(response.statusCode).toBe(422);
    expect(response.json()).toMatchObject({ type: 'urn:celeriac:problem:invalid-call' });
    expect(fieldsOf(response)).toEqual(fields);
    expect(client.sent).toEqual([]);
  });

  it.each([
    ['add', '{"args": [{"num_1": null, "num_2": 2}]}', ['/args/0/num_1']],
    ['add', '{"args": [{"num_2": 2}]}', ['/args/0/num_1']],
    ['add', '{"args": [{"num_1": [], "num_2": {}}]}', ['/args/0/num_1', '/args/0/num_2']],
    ['add', '{"args": [7]}', ['/args/0']],
    ['add', '{}', ['/args/0']],
    ['add', '{"args": [{"num_1": 1, "num_2": 2}, 3]}', ['/args/1']],
    ['add', '{"kwargs": {"payload": {"num_1": 1}}}', ['/kwargs/payload/num_2']],
    ['add', '{"args": [{"num_1": 1, "num_2": 2}], "kwargs": {"other": 1}}', ['/kwargs/other']],
    ['greet', '{"args": [""]}', ['/args/0']],
    ['greet', '{"args": ["Ada", 0]}', ['/args/1']],
    ['greet', '{"args": ["Ada", 1.5]}', ['/args/1']],
  ])('refuses arguments that break the contract of %s: %s', async (name, body, fields) => {
    const response = await server.inject(post(name, body));

    expect(response.statusCode).toBe(422);
    expect(fieldsOf(response)).toEqual(fields);
    expect(client.sent).toEqual([]);
  });

  const day = 86_400;
  it.each([
    ['{"coutndown": 5}', '/options/coutndown'],
    ['{"retries": 3}', '/options/retries'],
    ['{"link": []}', '/options/link'],
    ['{"__proto__": {}}', '/options/__proto__'],
    ['{"constructor": 1}', '/options/constructor'],
    ['{"countdown": -1}', '/options/countdown'],
    ['{"countdown": "5"}', '/options/countdown'],
    ['{"countdown": null}', '/options/countdown'],
    ['{"countdown": NaN}', '/options/countdown'],
    ['{"countdown": 1e400}', '/options/countdown'],
    [`{"countdown": ${8000 * 365 * day}}`, '/options/countdown'],
    ['{"eta": "tomorrow"}', '/options/eta'],
    ['{"eta": ""}', '/options/eta'],
    ['{"eta": 1763812800}', '/options/eta'],
    ['{"eta": "2026-11-23", "countdown": 1}', '/options/eta'],
    ['{"expires": 0}', '/options/expires'],
    ['{"expires": -5}', '/options/expires'],
    ['{"expires": "2026-11-22T11:59:59Z"}', '/options/expires'],
    ['{"expires": "soon"}', '/options/expires'],
    ['{"expires": true}', '/options/expires'],
    ['{"expires": 5, "countdown": 10}', '/options/expires'],
    ['{"expires": "2026-11-22T13:00:00Z", "eta": "2026-11-22T13:00:00Z"}', '/options/expires'],
    ['{"priority": 256}', '/options/priority'],
    ['{"priority": -1}', '/options/priority'],
    ['{"priority": 1.5}', '/options/priority'],
    ['{"priority": "high"}', '/options/priority'],
    ['{"task_id": ""}', '/options/task_id'],
    ['{"task_id": 7}', '/options/task_id'],
    ['{"task_id": "a/b"}', '/options/task_id'],
    ['{"task_id": ".."}', '/options/task_id'],
    ['{"task_id": "a\\u0000b"}', '/options/task_id'],
    [`{"task_id": "${'a'.repeat(256)}"}`, '/options/task_id'],
    ['{"queue": "subtraction"}', '/options/queue'],
    ['{"queue": ""}', '/options/queue'],
    ['{"headers": []}', '/options/headers'],
    ['{"headers": {"task": "divide"}}', '/options/headers/task'],
    ['{"headers": {"CC": ["other"]}}', '/options/headers/CC'],
    ['{"headers": {"a": {"big/int": [9223372036854775808]}}}', '/options/headers/a/big~1int/0'],
    [`{"headers": {"${'n'.repeat(256)}": 1}}`, `/options/headers/${'n'.repeat(256)}`],
    [`{"headers": {"a": "${'x'.repeat(33_000)}"}}`, '/options/headers'],
    ['{"headers": {"at": {"__type__": "date", "__value__": "2026-11-22"}}}', '/options/headers/at'],
    ['{"time_limit": 0}', '/options/time_limit'],
    ['{"soft_time_limit": "1"}', '/options/soft_time_limit'],
    ['{"soft_time_limit": 5, "time_limit": 4}', '/options/soft_time_limit'],
    ['{"ignore_result": 1}', '/options/ignore_result'],
  ])('refuses the options %s, naming %s', async (options, field) => {
    const response = await server.inject(
      post('add', `{"args": [{"num_1": 1, "num_2": 2}], "options": ${options}}`),
    );

    expect(response.statusCode).toBe(422);
    expect(fieldsOf(response)).toEqual([field]);
    expect(client.sent).toEqual([]);
  });

  it('lists everything that is wrong with arguments and options, and names the first in its detail', async () => {
    const response = await server.inject(
      post('add', '{"args": [7], "options": {"priority": 300, "queu": "x"}}'),
    );

    expect(fieldsOf(response)).toEqual(['/args/0', '/options/priority', '/options/queu']);
    const { detail, errors } = response.json<ProblemAnswer>();
    expect(errors[1]?.message).toBe('must be an integer from 0 to 255, got 300');
    expect(detail).toBe(`/args/0 ${errors[0]?.message ?? ''} (and 2 more, see errors).`);
  });

  it.each([
    ['cut short', '{"args": [', 400, 'malformed-body'],
    ['blank', ' ', 400, 'malformed-body'],
    ['with a comma too many', '{"args": [1,]}', 400, 'malformed-body'],
    ['with single quotes', "{'args': []}", 400, 'malformed-body'],
    ['with more behind it', '{"args": []} x', 400, 'malformed-body'],
    ['too deep', `{"args": ${'['.repeat(5000)}${']'.repeat(5000)}}`, 400, 'malformed-body'],
    ['too large', `{"args": ["${'x'.repeat(maxBodyBytes)}"]}`, 413, 'body-too-large'],
  ])('refuses a body that is %s', async (_mistake, body, status, kind) => {
    const response = await server.inject(post('anything', body));

    expect(response.statusCode).toBe(status);
    expect(response.headers['content-type']).toBe(problemContentType);
    expect(response.json()).toMatchObject({ type: `urn:celeriac:problem:${kind}`, status });
    expect(client.sent).toEqual([]);
  });

  it('names the position of a mistake in the JSON', async () => {
    const response = await server.inject(post('anything', '{"args": [1,]}'));

    expect(response.json<ProblemAnswer>().detail).toMatch(/\b12\b/);
  });

  it('refuses bytes that are not UTF-8', async () => {
    const response = await server.inject({
      method: 'POST',
      url: '/tasks/anything',
      headers: json,
      payload: Buffer.from('7b2261726773223a5b22ff225d7d', 'hex'),
    });

    expect(response.json()).toMatchObject({
      type: 'urn:celeriac:problem:malformed-body',
      detail: 'The body is not UTF-8.',
    });
    expect(client.sent).toEqual([]);
  });

  it.each([
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'nonsense' },
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  ])('refuses the content type of %j', async (headers) => {
    const response = await server.inject(post('anything', '{}', headers));

    expect(response.statusCode).toBe(415);
    expect(response.json()).toMatchObject({ type: 'urn:celeriac:problem:unsupported-media-type' });
    expect(client.sent).toEqual([]);
  });

  it('refuses the id of a task that was sent already', async () => {
    client.remember(new FakeTaskResult('order-17', 'anything'));

    const response = await server.inject(post('anything', '{"options": {"task_id": "order-17"}}'));

    expect(response.statusCode).toBe(409);
    expect(fieldsOf(response)).toEqual(['/options/task_id']);
    expect(client.sent).toEqual([]);
  });

  it('refuses the second of two requests with one id while the first is under way', async () => {
    let confirm: () => void = () => undefined;
    client.broker = () => new Promise((resolve) => (confirm = resolve));
    const call = post('anything', '{"options": {"task_id": "order-18"}}');

    const first = server.inject(call).then(({ statusCode }) => statusCode);
    const second = await server.inject(call);
    confirm();

    expect(second.statusCode).toBe(409);
    expect(await first).toBe(202);
    expect(client.sent).toHaveLength(1);
  });

  it('takes an id again whose publish was not confirmed', async () => {
    client.broker = (publish) => {
      if (publish === 1) throw new CeleryError('ERR_PUBLISH_TIMEOUT', 'not confirmed within 5000 ms');
    };
    const first = await server.inject(post('anything'));
    const { task_id: id } = first.json<{ task_id: string }>();

    const second = await server.inject(post('anything', JSON.stringify({ options: { task_id: id } })));

    expect(first.statusCode).toBe(503);
    expect(second.statusCode).toBe(202);
    expect(client.sent.map(({ options }) => options.taskId)).toEqual([id, id]);
  });

  it('answers 503 at once and publishes nothing while the broker is away', async () => {
    client.isConnected = false;

    const response = await server.inject(post('anything'));

    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('2');
    expect(response.json()).toMatchObject({ type: 'urn:celeriac:problem:broker-unavailable' });
    expect(response.json()).not.toHaveProperty('task_id');
    expect(client.sent).toEqual([]);
  });

  it.each<[CeleryErrorCode, number, string]>([
    ['ERR_PUBLISH_TIMEOUT', 503, 'publish-unconfirmed'],
    ['ERR_CONNECTION_CLOSED', 503, 'publish-unconfirmed'],
    ['ERR_CHANNEL_CLOSED', 503, 'publish-unconfirmed'],
    ['ERR_CONNECTION_REFUSED', 503, 'broker-unavailable'],
    ['ERR_PUBLISH_QUEUE_FULL', 503, 'publish-queue-full'],
    ['ERR_PUBLISH_REFUSED', 503, 'publish-refused'],
    ['ERR_PUBLISH_UNROUTABLE', 502, 'unroutable'],
    ['ERR_PUBLISH_TOO_LARGE', 413, 'body-too-large'],
    ['ERR_ILLEGAL_STATE', 500, 'internal-error'],
  ])('answers a publish that failed with %s with %i', async (code, status, kind) => {
    client.broker = () => {
      throw new CeleryError(code, 'of the broker at amqp.internal:5672');
    };

    const response = await server.inject(post('anything'));

    expect(response.statusCode).toBe(status);
    expect(response.headers['content-type']).toBe(problemContentType);
    expect(response.json()).toMatchObject({ type: `urn:celeriac:problem:${kind}`, status });
    expect(response.headers['retry-after']).toBe(status === 503 ? '2' : undefined);
    expect(response.json<{ task_id?: string }>().task_id).toBe(
      kind === 'publish-unconfirmed' ? client.sent[0]?.options.taskId : undefined,
    );
    expect(response.body).not.toContain('amqp.internal');
  });

  it('answers 422 when a value cannot be written', async () => {
    client.broker = () => {
      throw new EncodeError('args[0] is a function');
    };

    const response = await server.inject(post('anything'));

    expect(response.json()).toMatchObject({
      status: 422,
      detail: 'The call cannot be written: args[0] is a function.',
    });
  });

  describe('when more results are kept than may be', () => {
    it('forgets the oldest of the caller that has the most, and says what may have happened to it', async () => {
      const { client, server } = createTestProducer({ maxResults: 3 });
      const call = async (remoteAddress: string, id: string): Promise<number> => {
        const payload = `{"options": {"task_id": "${id}"}}`;
        return (await server.inject({ ...post('anything', payload), remoteAddress })).statusCode;
      };
      expect(await call('192.0.2.1', 'quiet')).toBe(202);
      for (const id of ['a', 'b', 'c', 'd']) expect(await call('192.0.2.2', id)).toBe(202);

      expect([...client.results.keys()]).toEqual(['quiet', 'c', 'd']);
      const forgotten = await server.inject('/tasks/a');
      expect(forgotten.statusCode).toBe(404);
      expect(forgotten.json()).toMatchObject({
        detail: expect.stringContaining('its result was forgotten') as string,
      });
      expect(await call('192.0.2.2', 'a')).toBe(202);
    });

    it('counts no call that was not published', async () => {
      const { client, server } = createTestProducer({ maxResults: 2 });
      await server.inject(post('anything', '{"options": {"task_id": "first"}}'));
      client.broker = () => {
        throw new CeleryError('ERR_PUBLISH_REFUSED', 'nacked');
      };
      for (let at = 0; at < 5; at++) await server.inject(post('anything', '{}'));
      expect(client.findResult('first')).toBeDefined();
    });
  });
});
