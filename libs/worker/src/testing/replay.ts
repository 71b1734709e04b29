import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { RpcResultStore } from '@celeriac/result-backend';
import { deliveryOf, until, type RecordedCase } from '@celeriac/testing';
import { Worker } from '../worker.ts';
import type { CoveredCase } from './recorded-case.ts';
import {
  callLine,
  callsOf,
  idsIn,
  isCall,
  newIdsIn,
  resultLine,
  type Conduct,
} from './recorded-conversation.ts';
import { recordedLateTasks } from './recorded-late-tasks.ts';
import { recordedTasks } from './recorded-tasks.ts';

/**
 * Gives a worker of ours the calls of a case, and tells what it did. Timers are to be jest's: they are moved on until so
 * many messages are settled and nothing runs or waits.
 */
export async function replay(
  recorded: RecordedCase,
  { settings = {}, store = {}, nodeName = 'w1@vec', pool }: CoveredCase,
  settledCount: number,
): Promise<Conduct> {
  const transport = new InMemoryTransport();
  const calls = callsOf(recorded);
  const worker = new Worker({
    transport,
    store: new RpcResultStore({ transport, ...store }),
    holders: [recordedTasks, recordedLateTasks],
    nodeName,
    settings,
    executionPool: pool?.(),
  });
  await worker.start();
  for (const call of calls) transport.put('celery', deliveryOf(call));
  const { journal } = transport;
  await until(
    () => {
      jest.advanceTimersByTime(100); // for what is held until its eta, or ends at its limit
      return journal.of('acked').length + journal.of('rejected').length === settledCount && worker.isIdle;
    },
    { what: `${recorded.name}: ${settledCount} messages are settled` },
  );
  await worker.stop();
  const known = idsIn(calls);
  const ids = [...known, ...newIdsIn(transport.published, known)];
  const results = transport.published
    .filter(({ routingKey }) => !routingKey.startsWith('celeriac.started.')) // records of starts, which Celery has not
    .map((message) =>
      isCall(message) ? callLine(message, ids) : resultLine(message, ids, withoutOwnReasons),
    );
  const settled = journal.entries.flatMap((entry) => {
    if (entry.event === 'rejected') return [entry.requeue ? 'requeued' : 'rejected'];
    return entry.event === 'acked' ? ['acked'] : [];
  });
  return { results: results.sort(), settled: settled.sort() };
}

/** Texts of ours that no recording can have. */
function withoutOwnReasons(text: string): string {
  return text
    .replace(/("exc_type": "EncodeError", "exc_message": \[)"value[^"]*"/, '$1"<reason>"')
    .replace(/("exc_type": "InvalidTaskError", "exc_message": \[)"[^"]+"/, '$1"<reason>"')
    .replace(/"\(\) => (?:[^"\\]|\\.)*"|"<function[^"]*"/, '"<repr>"');
}
