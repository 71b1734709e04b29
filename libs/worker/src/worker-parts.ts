import { TaskQueues, TaskRouting } from '@celeriac/protocol';
import { silentLogger, systemClock, type Clock } from '@celeriac/primitives';
import { TaskRegistry, type ImplementedHolder } from '@celeriac/task-registry';
import { consumedQueues, withDirectQueue, type ConsumedQueues } from './receive/consumed-queues.ts';
import { DelayedDelivery } from './receive/delayed-delivery.ts';
import { Intake } from './receive/intake.ts';
import { MemoryPressure } from './receive/memory-pressure.ts';
import type { ReceivedTask } from './receive/received-task.ts';
import { ServedTasks } from './receive/served-tasks.ts';
import { TaskAdmission } from './receive/task-admission.ts';
import { TaskReceiver } from './receive/task-receiver.ts';
import { WaitingBytes } from './receive/waiting-bytes.ts';
import { WaitingTasks } from './receive/waiting-tasks.ts';
import { RevokedTasks } from './revoke/revoked-tasks.ts';
import { ActiveRuns } from './run/active-runs.ts';
import { StartLedger } from './run/start-ledger.ts';
import { SuspectTasks } from './run/suspect-tasks.ts';
import { TaskPool } from './run/task-pool.ts';
import { TaskRunner } from './run/task-runner.ts';
import { CallPublisher } from './settle/call-publisher.ts';
import { FollowUps } from './settle/follow-ups.ts';
import { TaskOutcomes } from './settle/task-outcomes.ts';
import { TaskSignals } from './task-signals.ts';
import { etaTaskLimit, prefetchCount, type ResolvedWorkerSettings } from './worker-settings.ts';
import type { WorkerSignals } from './worker-signals.ts';
import type { WorkerOptions } from './worker.ts';

/** What a worker is made of, from a delivery to its settlement. */
export interface WorkerParts {
  readonly queues: ConsumedQueues;
  readonly tasks: ServedTasks;
  readonly signals: TaskSignals;
  readonly revoked: RevokedTasks;
  readonly receiver: TaskReceiver;
  readonly intake: Intake;
  readonly memory: MemoryPressure;
  readonly waiting: WaitingTasks;
  readonly pool: TaskPool<ReceivedTask>;
  readonly active: ActiveRuns;
  readonly outcomes: TaskOutcomes;
  readonly suspects: SuspectTasks | undefined;
}

/**
 * Makes the parts of a worker and joins them: receiver ─▶ waiting ─▶ pool ─▶ runner ─▶ outcomes. No I/O.
 *
 * @throws ImproperlyConfiguredError when an option of a queue or a rate limit is wrong, or two tasks share a name
 */
export function createWorkerParts(
  options: WorkerOptions,
  settings: ResolvedWorkerSettings,
  workerSignals: WorkerSignals,
): WorkerParts {
  const { executionPool, holders, nodeName, store, transport } = options;
  const { logger = silentLogger, clock = systemClock } = options;
  const consumed = consumedQueues({
    queues: withDirectQueue(options.queues ?? queuesOf(holders), nodeName, settings),
    settings,
  });
  const registry = new TaskRegistry();
  for (const holder of holders) registry.register(holder);
  const tasks = new ServedTasks(registry, settings, { areResultsEncoded: executionPool !== undefined });
  const signals = new TaskSignals(workerSignals, clock, logger);
  const publisher = new CallPublisher(transport, workerSignals, logger);
  const origin = `gen${process.pid}@${nodeName.slice(nodeName.indexOf('@') + 1)}`;
  const outcomes = new TaskOutcomes({
    store,
    followUps: followUpsOf({ holders, consumed, registry, publisher, origin, clock, settings }),
    publisher,
    signals,
    clock,
    logger,
    nodeName,
    isExtended: settings.resultExtended,
    maxErrorText: settings.maxErrorText,
    origin,
    compression: settings.taskCompression,
  });
  const revoked = new RevokedTasks({
    max: settings.workerRevokesMax,
    expiresMs: settings.workerRevokeExpiresMs,
  });
  const admission = new TaskAdmission(revoked, clock);
  const active = new ActiveRuns();
  const services = { outcomes, signals, active, nodeName, logger, clock };
  const { acceptContent, maxBodyBytes, maxBodyValues, maxWaitingBytes, redeliveryLimit: limit } = settings;
  const intake = new Intake({ prefetchCount: prefetchCount(settings), logger });
  const bytes = new WaitingBytes(maxWaitingBytes, intake);
  const ledger = new StartLedger({ transport, publisher, logger });
  const runAlone = (received: ReceivedTask): void => {
    pool.submitAlone(received);
  };
  const suspects =
    limit === 0 ? undefined : new SuspectTasks({ ledger, publisher, outcomes, logger, limit, runAlone });
  const runner = new TaskRunner({ ...services, pool: executionPool }, admission, bytes, suspects);
  const pool = new TaskPool(
    settings.workerConcurrency,
    runner.execute,
    () => runner.decodedBytes > maxWaitingBytes * 2,
  );
  const waiting = new WaitingTasks({
    ...services,
    tasks,
    pool,
    bytes,
    delayed: new DelayedDelivery({
      publisher,
      queueType: settings.brokerNativeDelayedDeliveryQueueType,
      clock,
      logger,
    }),
    admission,
    etaTaskLimit: etaTaskLimit(settings),
    consumerTimeoutMs: settings.consumerTimeoutMs,
  });
  const memory = new MemoryPressure({
    intake,
    isIdle: () => pool.runningCount + pool.waitingCount + waiting.size === 0,
  });
  const receiver = new TaskReceiver({
    ...services,
    tasks,
    waiting,
    admission,
    suspects,
    acceptContent,
    maxBodyBytes,
    maxBodyValues,
  });
  return {
    queues: consumed,
    tasks,
    signals,
    revoked,
    receiver,
    intake,
    memory,
    waiting,
    pool,
    active,
    outcomes,
    suspects,
  };
}

interface FollowUpsParts {
  readonly holders: readonly ImplementedHolder[];
  readonly consumed: ConsumedQueues;
  readonly registry: TaskRegistry;
  readonly publisher: CallPublisher;
  readonly origin: string;
  readonly clock: Clock;
  readonly settings: ResolvedWorkerSettings;
}

function followUpsOf({ holders, consumed, ...parts }: FollowUpsParts): FollowUps {
  const { settings } = parts;
  // a holder whose tasks come by other queues: calls of them go to its own all the same
  const unconsumed = queuesOf(holders).filter((queue) => !consumed.names.includes(queue));
  const queues = new TaskQueues({
    queues: [...consumed.queues, ...unconsumed],
    createMissing: settings.taskCreateMissingQueues,
    createMissingQueueType: settings.taskCreateMissingQueueType,
    maxPriority: settings.taskQueueMaxPriority,
  });
  const routing = new TaskRouting(settings.taskRoutes, queues);
  return new FollowUps({ ...parts, defaultQueue: consumed.names[0] ?? '', queues, routing });
}

function queuesOf(holders: readonly ImplementedHolder[]): readonly string[] {
  return holders.map(({ holder }) => holder.queue);
}
