import type { ResultMessage } from '@celeriac/protocol';

/** A state as it arrives from a worker; SUCCESS with the result 9 unless told otherwise. */
export function resultOf(taskId: string, fields: Partial<ResultMessage> = {}): ResultMessage {
  return {
    taskId,
    status: 'SUCCESS',
    result: 9,
    traceback: null,
    children: [],
    dateDone: '2026-11-22T10:24:12.805000+00:00',
    ...fields,
  };
}

/** A failure as Python encodes it. */
export function failureOf(taskId: string, fields: Partial<ResultMessage> = {}): ResultMessage {
  return resultOf(taskId, {
    status: 'FAILURE',
    result: {
      exc_type: 'ValueError',
      exc_message: ["could not convert string to float: 'abc'"],
      exc_module: 'builtins',
    },
    traceback: 'Traceback (most recent call last):\nValueError: could not convert string to float',
    ...fields,
  });
}
