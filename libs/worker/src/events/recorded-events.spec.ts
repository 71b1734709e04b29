/**
 * The events of recorded Python workers, and ours for the same messages: every field of every event of the tasks that
 * the client called, order apart, as Celery sends them from two processes.
 */
import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { RpcResultStore } from '@celeriac/result-backend';
import { deliveryOf, loadVectors, until, type RecordedCase } from '@celeriac/testing';
import type { CoveredCase } from '../testing/recorded-case.ts';
import * as recordedCases from '../testing/recorded-cases.ts';
import { callsOf } from '../testing/recorded-conversation.ts';
import * as recordedLateCases from '../testing/recorded-late-cases.ts';
import { recordedLateTasks } from '../testing/recorded-late-tasks.ts';
import { recordedTasks } from '../testing/recorded-tasks.ts';
import { Worker } from '../worker.ts';

type Event = Readonly<Record<string, unknown>>;

interface EventMessage {
  readonly routing_key?: string | undefined;
  readonly properties?: unknown;
  readonly headers?: unknown;
  readonly body_text?: string | undefined;
}

/** What ours tells in other words, and why. */
const edits: Readonly<Record<string, (line: string) => string>> = {
  // values that JavaScript has not, and what stands for them
  result_list_tuple: (line) => line.replace('[1, (2, 3)]', '[1, [2, 3]]'),
  result_dict: (line) => line.replace("{'a': {'b': None}, 1: 2}", "{'1': 2, 'a': {'b': None}}"),
  result_asyncresult: (line) => line.replace(/<AsyncResult: ([^>]*)>/, "[['$1', None], None]"),
  failure_unserialisable_arg: (line) => line.replace(/ValueError\([^"]*\)"/, 'ValueError(<repr>)"'),
  ignored_result_task: (line) => line.replace("'dropped'", '42'),
  // cut within what only one of the languages offers a task
  whoami: (line) => line.replace(/'origin': .*?(?=","runtime)/, '<cut>'),
  // the reasons of EncodeError are ours, about types of JavaScript
  result_set_unserialisable: withoutReason,
  result_object_unserialisable: withoutReason,
};

function withoutReason(line: string): string {
  return line
    .replace(/EncodeError\([^"]*\)"/, 'EncodeError(<reason>)"')
    .replace(/EncodeError\(\\"[^"]*\\"\)"/, 'EncodeError(<reason>)"');
}

/** Celery shows its wrapper instead of the exception (SPEC.md §21), and tells hard limits twice. */
const hidden: Readonly<Record<string, string>> = {
  hard_time_limit: 'TimeLimitExceeded(1)',
  hard_time_limit_header: 'TimeLimitExceeded(1)',
  hard_limit_late_noack: 'TimeLimitExceeded(1)',
  worker_lost: "WorkerLostError('Worker exited prematurely: signal 9 (SIGKILL) Job: 58.')",
  worker_lost_late_default: "WorkerLostError('Worker exited prematurely: signal 9 (SIGKILL) Job: 58.')",
};

function eventsIn(messages: readonly EventMessage[]): { readonly event: Event; readonly frame: string }[] {
  return messages.flatMap(({ routing_key: key, properties, headers, body_text: text = '' }) => {
    const parsed = JSON.parse(text) as Event | Event[];
    const frame = JSON.stringify([key, properties, headers, Array.isArray(parsed)]);
    return (Array.isArray(parsed) ? parsed : [parsed]).map((event) => ({ event, frame }));
  });
}

/** The events of some tasks, one line each, without what differs from run to run. */
function linesOf(
  name: string,
  messages: readonly EventMessage[],
  ids: readonly unknown[],
  etas: readonly unknown[],
): string[] {
  const lines = eventsIn(messages)
    .filter(({ event }) => ids.includes(event['uuid']))
    .map(({ event, frame }) => {
      const { eta } = event;
      const told = {
        ...event,
        pid: typeof event['pid'],
        clock: typeof event['clock'],
        timestamp: typeof event['timestamp'],
        ...('runtime' in event && { runtime: typeof event['runtime'] }),
        ...('traceback' in event && { traceback: typeof event['traceback'] }),
        ...(typeof eta === 'string' && !etas.includes(eta) && { eta: '<of a retry>' }),
      };
      const line = `${frame} ${JSON.stringify(told)}`.replace(
        'ExceptionWithTraceback()',
        hidden[name] ?? '-',
      );
      return (edits[name] ?? ((same: string) => same))(line);
    });
  return (name.startsWith('hard_time_limit') ? [...new Set(lines)] : lines).sort();
}

/** Plays a case to a worker that sends task events; gives its messages to the exchange of events. */
async function play(
  recorded: RecordedCase,
  { settings = {}, nodeName, pool }: CoveredCase,
): Promise<EventMessage[]> {
  const transport = new InMemoryTransport();
  const worker = new Worker({
    transport,
    store: new RpcResultStore({ transport }),
    holders: [recordedTasks, recordedLateTasks],
    nodeName: nodeName ?? '',
    settings: { taskAcksLate: false, ...settings, workerSendTaskEvents: true },
    executionPool: pool?.(),
  });
  await worker.start();
  const calls = callsOf(recorded);
  for (const call of calls) transport.put('celery', deliveryOf(call));
  const { journal } = transport;
  const isDone = (): boolean =>
    journal.of('acked').length + journal.of('rejected').length >= calls.length &&
    worker.isIdle &&
    transport.messagesIn('celery').length === 0;
  let quietTurns = 0;
  await until(
    () => {
      jest.advanceTimersByTime(100);
      quietTurns = isDone() ? quietTurns + 1 : 0;
      return quietTurns > 20; // what follows a task is published and delivered in later turns
    },
    { what: `${recorded.name} is done` },
  );
  await worker.stop();
  return transport.published
    .filter(({ exchange }) => exchange === 'celeryev')
    .map(({ routingKey, properties, headers, body }) => {
      const { contentType, contentEncoding, deliveryMode, priority } = properties;
      return {
        routing_key: routingKey,
        properties: {
          content_type: contentType,
          content_encoding: contentEncoding,
          delivery_mode: deliveryMode,
          priority,
        },
        headers,
        body_text: body.toString(),
      };
    });
}

/** The cases that are not, each with the reason. */
const notCompared: Readonly<Record<string, string>> = {
  v2_embed_null: 'the recorder has missed its events, as the worker had just been restarted',
  ...Object.fromEntries(
    Object.keys(recordedLateCases.covered)
      .filter((name) => /^rpc_|^accept_/.test(name))
      .map((name) => [name, 'recorded of a worker without -E']),
  ),
};

const files = [
  ['worker-rpc', 'w1@vec', recordedCases.covered],
  ['worker-late-acks-and-serializers', 'wl@vec', recordedLateCases.covered],
] as const;

describe.each(files)('the events of tasks in %s', (stem, nodeName, covered) => {
  const { cases } = loadVectors(stem);
  const recordedEvents = cases.flatMap(({ trace = [] }) =>
    trace.filter(({ action, exchange }) => action === 'publish' && exchange === 'celeryev'),
  );
  const named = cases.filter(({ name }) => name in covered && !(name in notCompared));

  beforeEach(() => {
    jest.useFakeTimers({
      doNotFake: ['setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask', 'performance'],
    });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it.each(named.map((recorded) => [recorded.name, recorded] as const))(
    'are the same: %s',
    async (name, recorded) => {
      const calls = callsOf(recorded);
      const ids = calls
        .map(({ headers, body_text: body = '' }) => headers?.['id'] ?? /"id": "([^"]*)"/.exec(body)?.[1])
        .filter((id) => id !== undefined);
      const etas = calls.map(({ headers }) => headers?.['eta']);
      jest.setSystemTime(momentOf(recorded));
      const expected = linesOf(name, recordedEvents, ids, etas);
      expect(linesOf(name, await play(recorded, { ...covered[name], nodeName }), ids, etas)).toEqual(
        expected,
      );
    },
  );
});

/** When the call was made, as far as its dates tell; the present for calls without, and for those that came too late. */
function momentOf(recorded: RecordedCase): number {
  if (recorded.name.startsWith('expired_on') || recorded.name === 'expired_naive') return Date.now();
  const moments = callsOf(recorded).map(({ headers, properties }) => {
    const [expires, expiration] = [headers?.['expires'], properties?.['expiration']];
    return typeof expires === 'string'
      ? Date.parse(expires) - Number(expiration)
      : etaMoment(headers?.['eta']);
  });
  return moments.find(Number.isFinite) ?? Date.now();
}

function etaMoment(eta: unknown): number {
  return typeof eta === 'string' && !eta.endsWith('Z') ? Date.parse(eta) - 500 : NaN;
}
