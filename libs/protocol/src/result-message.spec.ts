import type { IncomingMessage } from './message.ts';
import { DecodeError, EncodeError } from './protocol-error.ts';
import { float } from './python-float.ts';
import type { ResultMessage } from './result-message.ts';
import { decodeResult, encodeResult } from './result-message.ts';
import { isExceptionState, isReadyState, readyStates } from './task-state.ts';

const nine: ResultMessage = {
  taskId: 'an-id',
  status: 'SUCCESS',
  result: float(9),
  traceback: null,
  children: [],
  dateDone: new Date('2026-11-22T10:31:14.861Z'),
};

function message(body: string): IncomingMessage {
  return {
    properties: { contentType: 'application/json', correlationId: 'corr' },
    headers: {},
    body: Buffer.from(body),
  };
}

describe('encodeResult', () => {
  it('writes the reply of the calculator', () => {
    expect(encodeResult(nine).toString()).toBe(
      '{"status": "SUCCESS", "result": 9.0, "traceback": null, "children": [], ' +
        '"date_done": "2026-11-22T10:31:14.861000+00:00", "task_id": "an-id"}',
    );
  });

  it('puts group and parent before the task id, and escapes texts', () => {
    const result = {
      ...nine,
      status: 'RETRY',
      result: null,
      traceback: 'é\n',
      children: null,
      dateDone: null,
      groupId: 'g',
      parentId: 'p',
    };
    expect(encodeResult(result).toString()).toBe(
      String.raw`{"status": "RETRY", "result": null, "traceback": "\u00e9\n", "children": null, "date_done": null, ` +
        '"group_id": "g", "parent_id": "p", "task_id": "an-id"}',
    );
  });

  it('refuses a result that JSON cannot carry', () => {
    expect(() => encodeResult({ ...nine, result: { a: new Map() } })).toThrow(EncodeError);
  });
});

describe('decodeResult', () => {
  it('reads back what was written', () => {
    expect(
      decodeResult(message(encodeResult({ ...nine, groupId: 'g' }).toString()), { floats: 'keep' }),
    ).toEqual({
      ...nine,
      dateDone: '2026-11-22T10:31:14.861000+00:00',
      groupId: 'g',
      decodedBytes: expect.any(Number) as number,
    });
  });

  it('reads keys in any order, leaves out unknown ones, and takes the correlation id for a missing task id', () => {
    expect(
      decodeResult(message('{"extra": 1, "result": 9.0, "status": "SUCCESS", "traceback": {"not": "text"}}')),
    ).toEqual({
      taskId: 'corr',
      decodedBytes: expect.any(Number) as number,
      status: 'SUCCESS',
      result: 9,
      traceback: null,
      children: null,
      dateDone: null,
    });
  });

  it.each([
    ['[]', 'the body of a result must be an object, got list'],
    ['{"task_id": "x"}', 'status of a result must be a state name, got NoneType'],
    ['{"status": 1, "task_id": "x"}', 'got int'],
    ['{"status": ', 'JSON is broken'],
  ])('refuses %s', (body, text) => {
    expect(() => decodeResult(message(body))).toThrow(DecodeError);
    expect(() => decodeResult(message(body))).toThrow(text);
  });

  it('refuses a result that belongs to no task', () => {
    expect(() =>
      decodeResult({ ...message('{"status": "SUCCESS"}'), properties: { contentType: 'application/json' } }),
    ).toThrow('task_id of a result must be a string');
  });
});

describe('task states', () => {
  it('are ready when nothing more happens, and carry an exception when the task did not succeed', () => {
    const states = ['PENDING', 'RECEIVED', 'STARTED', 'SUCCESS', 'FAILURE', 'RETRY', 'REVOKED', 'PROGRESS'];
    expect(states.filter(isReadyState)).toEqual([...readyStates]);
    expect(states.filter(isExceptionState)).toEqual(['FAILURE', 'RETRY', 'REVOKED']);
  });
});
