import type { TaskCall } from './encode-task-message.ts';
import { encodeTaskMessage } from './encode-task-message.ts';
import { openTaskMessage } from './open-task-message.ts';
import { EncodeError } from './protocol-error.ts';
import { float } from './python-float.ts';
import { resolveSerializer } from './serializer.ts';

const call: TaskCall = {
  name: 'add',
  id: 'an-id',
  args: [{ num_1: 7, num_2: 2 }],
  kwargs: {},
  origin: 'gen1@host',
};

describe('encodeTaskMessage', () => {
  it('writes the call of the calculator as Python does', () => {
    const { properties, headers, body } = encodeTaskMessage({ ...call, replyTo: 'replies' });
    expect(body.toString()).toBe(
      '[[{"num_1": 7, "num_2": 2}], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]',
    );
    expect(properties).toStrictEqual({
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      deliveryMode: 2,
      priority: 0,
      correlationId: 'an-id',
      replyTo: 'replies',
    });
    expect(Object.entries(headers)).toEqual([
      ['lang', 'js'],
      ['task', 'add'],
      ['id', 'an-id'],
      ['shadow', null],
      ['eta', null],
      ['expires', null],
      ['group', null],
      ['group_index', null],
      ['retries', 0],
      ['timelimit', [null, null]],
      ['root_id', 'an-id'],
      ['parent_id', null],
      ['argsrepr', "[{'num_1': 7, 'num_2': 2}]"],
      ['kwargsrepr', '{}'],
      ['origin', 'gen1@host'],
      ['ignore_result', false],
      ['replaced_task_nesting', 0],
      ['stamped_headers', null],
      ['stamps', {}],
    ]);
  });

  it.each([
    ['a list', { args: [1, 2] }, '[1, 2]'],
    ['a tuple when asked to', { args: [1], tupleArgs: true }, '(1,)'],
    ['the empty tuple for no arguments, as recorded in calculator: add_no_args', { args: [] }, '()'],
    ['what the caller gives', { args: [1], argsrepr: '***' }, '***'],
  ])('shows args as %s', (_, change, expected) => {
    expect(encodeTaskMessage({ ...call, ...change }).headers['argsrepr']).toBe(expected);
  });

  it('lets custom headers come last and win', () => {
    const { headers } = encodeTaskMessage({ ...call, headers: { tenant: 'acme', shadow: 'nick' } });
    expect(Object.keys(headers).at(-1)).toBe('tenant');
    expect(headers['shadow']).toBe('nick');
    expect(Object.keys(headers).indexOf('shadow')).toBe(3);
  });

  it('fills up an embed that is given in part', () => {
    const chain = [
      { task: 'mul', args: [float(2)], kwargs: {}, options: {}, subtask_type: null, immutable: false },
    ];
    expect(encodeTaskMessage({ ...call, args: [], embed: { chain } }).body.toString()).toBe(
      '[[], {}, {"callbacks": null, "errbacks": null, "chain": [{"task": "mul", "args": [2.0], "kwargs": {}, "options": {}, ' +
        '"subtask_type": null, "immutable": false}], "chord": null}]',
    );
  });

  it('writes limits in seconds, hard first', () => {
    expect(
      encodeTaskMessage({ ...call, timeLimits: { hardMs: 30_000, softMs: 1500 } }).headers['timelimit'],
    ).toEqual([30, 1.5]);
    expect(encodeTaskMessage({ ...call, timeLimits: { softMs: 20_000 } }).headers['timelimit']).toEqual([
      null,
      20,
    ]);
  });

  it.each([
    [120_000, '120000'],
    [500, '500'],
    [0, '0'],
    [-5000, '0'],
    [4_294_967_295, '4294967295'],
    [4_294_967_296, undefined],
  ])('gives a message that expires in %i ms the time to live %p', (ms, expiration) => {
    const now = new Date('2030-01-01T00:00:00Z');
    const { properties, headers } = encodeTaskMessage({
      ...call,
      now,
      expires: new Date(now.getTime() + ms),
    });
    expect(properties.expiration).toBe(expiration);
    expect(headers['expires']).toMatch(/^20\d\d-.*\+00:00$/);
  });

  it.each<[string, Partial<TaskCall>, string]>([
    ['an empty name', { name: '' }, 'TaskCall.name'],
    ['an empty id', { id: '' }, 'TaskCall.id'],
    [
      'a priority beyond 255',
      { priority: 256 },
      'TaskCall.priority must be an integer from 0 to 255, got 256',
    ],
    ['retries that are no count', { retries: -1 }, 'TaskCall.retries'],
    ['a group index that is no count', { groupIndex: 0.5 }, 'TaskCall.groupIndex'],
    [
      'a negative limit',
      { timeLimits: { hardMs: -1 } },
      'timeLimits.hardMs must be a non-negative number of ms, got -1',
    ],
    ['an invalid eta', { eta: new Date(NaN) }, 'Invalid Date'],
    ['an argument that JSON cannot carry', { args: [{ list: [new Set()] }] }, 'value[0].list[0] is a Set'],
    ['a keyword argument that JSON cannot carry', { kwargs: { done: () => 1 } }, 'value.done is a function'],
  ])('refuses %s', (_, part, text) => {
    expect(() => encodeTaskMessage({ ...call, ...part })).toThrow(EncodeError);
    expect(() => encodeTaskMessage({ ...call, ...part })).toThrow(text);
  });

  it.each(['json', 'msgpack', 'yaml'] as const)(
    'writes and compresses %s, which is then read back',
    (serializer) => {
      const args = [{ num_1: float(7), text: 'é', bytes: Buffer.from([0xff]), big: 2n ** 60n }];
      const message = encodeTaskMessage({
        ...call,
        args,
        serializer,
        compression: 'brotli',
        headers: { tenant: 'acme' },
      });
      expect(Object.entries(message.headers).at(-1)).toEqual(['compression', 'application/x-brotli']);
      expect(message.properties.contentType).toBe(resolveSerializer(serializer).contentType);
      const task = openTaskMessage(message, { acceptContent: [serializer] });
      expect(task.readBody({ floats: 'keep' })).toMatchObject({ args, kwargs: {}, embed: { chain: null } });
      expect(task.readRequest().headers).toEqual({ tenant: 'acme' });
    },
  );

  it('refuses what a serializer has no form for, and names where it is', () => {
    const args = [[new Date()]];
    expect(() => encodeTaskMessage({ ...call, args, serializer: 'msgpack' })).toThrow(
      'value[0][0][0] is a datetime, for which msgpack has no form',
    );
    expect(encodeTaskMessage({ ...call, args, serializer: 'yaml' }).body.toString()).toMatch(
      /^- - - \d{4}-\d\d-\d\d \d/,
    );
  });

  it('refuses a compression that it can read alone', () => {
    expect(() => encodeTaskMessage({ ...call, compression: 'bzip2' })).toThrow('can be read and not written');
  });
});
