import { InMemoryTransport } from '@celeriac/in-memory-transport';
import { silentLogger, type Clock, type Logger } from '@celeriac/primitives';
import { TaskQueues, TaskRouting } from '@celeriac/protocol';
import { TaskRegistry } from '@celeriac/task-registry';
import { CallPublisher } from '../settle/call-publisher.ts';
import { FollowUps } from '../settle/follow-ups.ts';
import { TaskOutcomes } from '../settle/task-outcomes.ts';
import { TaskSignals } from '../task-signals.ts';
import { resolveWorkerSettings } from '../worker-settings.ts';
import { WorkerSignals } from '../worker-signals.ts';
import { RecordingStore } from './recording-store.ts';

export interface OutcomesFixtureOptions {
  readonly clock: Clock;
  readonly logger?: Logger;
}

export interface OutcomesFixture {
  readonly store: RecordingStore;
  readonly transport: InMemoryTransport;
  readonly workerSignals: WorkerSignals;
  readonly signals: TaskSignals;
  readonly publisher: CallPublisher;
  readonly outcomes: TaskOutcomes;
}

/** Outcomes over a store that the spec answers for; what follows a task goes to a broker of its own. */
export function outcomesFixture({ clock, logger = silentLogger }: OutcomesFixtureOptions): OutcomesFixture {
  const store = new RecordingStore();
  const transport = new InMemoryTransport();
  const workerSignals = new WorkerSignals();
  const signals = new TaskSignals(workerSignals, clock, logger);
  const publisher = new CallPublisher(transport, workerSignals, logger);
  const origin = 'gen1@host';
  const followUps = new FollowUps({
    publisher,
    registry: new TaskRegistry(),
    defaultQueue: 'shop',
    origin,
    clock,
    queues: new TaskQueues(),
    routing: new TaskRouting(undefined, new TaskQueues()),
    settings: resolveWorkerSettings(),
  });
  const outcomes = new TaskOutcomes({
    store,
    followUps,
    publisher,
    signals,
    clock,
    logger,
    nodeName: 'w1@host',
    isExtended: false,
    maxErrorText: 65_536,
    origin,
    compression: undefined,
  });
  return { store, transport, workerSignals, signals, publisher, outcomes };
}
