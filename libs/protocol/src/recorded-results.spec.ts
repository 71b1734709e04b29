import type { RecordedAction, RecordedMessage, RecordedVersion } from '@celeriac/testing';
import { deliveryOf, loadVectors } from '@celeriac/testing';
import { decodeException, encodeException } from './exception.ts';
import { openTaskMessage } from './open-task-message.ts';
import { ContentDisallowedError } from './protocol-error.ts';
import { PythonError } from './python-error.ts';
import { decodeResult, encodeResult } from './result-message.ts';
import { isExceptionState } from './task-state.ts';

type Titled = Partial<RecordedMessage> & {
  readonly title: string;
  readonly name: string;
  readonly version: RecordedVersion;
};

const versions: readonly RecordedVersion[] = ['celery-5.2.6', 'celery-5.6.3', 'celery-main'];

/** Each case of this file is a message. */
function resultsOf(version: RecordedVersion): Titled[] {
  return loadVectors('results-rpc', version).cases.map((recorded) => ({
    ...(recorded as unknown as RecordedMessage),
    name: recorded.name,
    title: `${version} ${recorded.name}`,
    version,
  }));
}

function isResult(action: RecordedAction): boolean {
  return action.action === 'publish' && action.body_text?.includes('"status": ') === true;
}

function calculatorResultsOf(version: RecordedVersion): Titled[] {
  return loadVectors('calculator', version).cases.flatMap(({ name, trace = [] }) =>
    trace
      .filter(isResult)
      .map((action) => ({ ...action, name, title: `${version} calculator ${name}`, version })),
  );
}

const recorded = [
  ...versions.flatMap(resultsOf),
  ...calculatorResultsOf('celery-5.2.6'),
  ...calculatorResultsOf('celery-main'),
];
const binary = recorded.filter(({ properties }) => properties?.['content_type'] === 'application/x-msgpack');
const readable = recorded.filter((message) => !binary.includes(message));

/** Exceptions that Celery puts in the place of the one whose traceback it stores. */
const foreignTracebacks = new Set(['UnpickleableExceptionWrapper', 'EncodeError']);
/** Results whose text has keys that are written with the setting result_extended alone. */
const extended = new Set(['rpc_result_extended', 'rpc_failure_extended']);
/** A result whose object has the keys "a" and "1": JavaScript puts keys that are integers first. */
const reordered = new Set(['result_dict']);

const current = readable.filter(
  ({ version, name }) => version === 'celery-main' && !extended.has(name) && !reordered.has(name),
);

it('finds the recordings', () => {
  expect(readable.length).toBeGreaterThan(300);
  expect(current.length).toBeGreaterThan(120);
  expect(binary.map(({ title }) => title)).not.toHaveLength(0);
});

describe('decodeResult on the recorded results', () => {
  it.each(readable)('reads $title', (message) => {
    const result = decodeResult(deliveryOf(message));
    expect(result.taskId === '').toBe(false);
    expect(message.body_text).toContain(`"status": "${result.status}"`);
    expect(message.body_text).toContain(`"task_id": "${result.taskId}"`);
    expect(result.dateDone === null).toBe(!message.body_text?.includes('"date_done": "'));
  });

  it.each(binary)('refuses $title, which is msgpack and not accepted', (message) => {
    expect(() => decodeResult(deliveryOf(message))).toThrow(ContentDisallowedError);
  });

  it.each(binary)('reads $title where msgpack is accepted', (message) => {
    const { taskId, status } = decodeResult(deliveryOf(message), { acceptContent: ['msgpack'] });
    expect(taskId).toBe(message.properties?.['correlation_id']);
    expect(['SUCCESS', 'FAILURE']).toContain(status);
  });

  const binaryNow = binary.filter(({ version }) => version === 'celery-main');

  it.each(binaryNow)('writes $title again, byte for byte', (message) => {
    const delivery = deliveryOf(message);
    const result = decodeResult(delivery, { acceptContent: ['msgpack'], floats: 'keep' });
    expect(encodeResult(result, { serializer: 'msgpack' }).toString('hex')).toBe(
      delivery.body.toString('hex'),
    );
  });
});

describe('encodeResult on the recorded results', () => {
  it.each(current)('writes $title again, byte for byte', (message) => {
    const result = decodeResult(deliveryOf(message), { floats: 'keep' });
    expect(encodeResult(result).toString()).toBe(message.body_text);
  });

  const failures = current.filter((message) => {
    const { status, result } = decodeResult(deliveryOf(message));
    return isExceptionState(status) && result !== null;
  });

  it.each(failures)('encodes the exception of $title as Python did', (message) => {
    const result = decodeResult(deliveryOf(message), { floats: 'keep' });
    const { excType, excArgs, excModule, message: text } = decodeException(result.result);
    const error = new PythonError(excType, excArgs, { excModule });
    expect(encodeResult({ ...result, result: encodeException(error) }).toString()).toBe(message.body_text);
    expect(error.message).toBe(text);
    // the last line of Python's traceback is the exception, its module and what str() gives
    const lastLines = result.traceback?.trimEnd() ?? '';
    if (
      lastLines.startsWith('Traceback') &&
      !foreignTracebacks.has(excType) &&
      result.status === 'FAILURE' &&
      text !== ''
    ) {
      expect(lastLines.endsWith(text)).toBe(true);
    }
  });

  it('finds failures to encode', () => {
    expect(failures.length).toBeGreaterThan(40);
  });
});

describe('openTaskMessage on the calculator', () => {
  const tasks = (['celery-5.2.6', 'celery-main'] as const).flatMap((version) =>
    loadVectors('calculator', version).cases.flatMap(({ name, trace = [] }) =>
      trace
        .filter(
          ({ action, headers }) =>
            action === 'publish' && headers !== null && headers !== undefined && 'task' in headers,
        )
        .map((action) => ({ ...action, title: `${version} ${name}` })),
    ),
  );

  it.each(tasks)('reads the call of $title', (message) => {
    const task = openTaskMessage(deliveryOf(message));
    expect(task.replyTo).toBe(message.properties?.['reply_to']);
    expect(message.body_text).toContain(JSON.stringify(Object.keys(task.readBody().kwargs)).slice(1, -1));
    expect(task.readRequest()).toMatchObject({ retries: 0, timeLimits: {}, headers: {}, rootId: task.id });
  });

  it('finds the calls', () => {
    expect(tasks.length).toBeGreaterThan(100);
  });
});
