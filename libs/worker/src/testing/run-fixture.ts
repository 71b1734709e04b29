import type { Clock } from '@celeriac/primitives';
import type { TaskContext, TaskExecutionOptions } from '@celeriac/task-registry';
import { RecordingLogger } from '@celeriac/testing';
import { ActiveRuns } from '../active-runs.ts';
import type { ReceivedTask } from '../received-task.ts';
import { RevokedTasks } from '../revoked-tasks.ts';
import { TaskAdmission } from '../task-admission.ts';
import { TaskRunner } from '../task-runner.ts';
import type { WorkerSettings } from '../worker-settings.ts';
import type { FakeDelivery } from './fake-delivery.ts';
import type { FakePool } from './fake-pool.ts';
import { outcomesFixture } from './outcomes.ts';
import { optionedTask, receivedTask, type ReceivedTaskOptions } from './received-task.ts';

export interface RunFixtureOptions {
  /** Of the task. */
  readonly options?: TaskExecutionOptions;
  /** Of its worker. */
  readonly settings?: Partial<WorkerSettings>;
  readonly pool?: FakePool;
  readonly clock?: Clock;
}

type Call = Parameters<typeof receivedTask>[1];

/** The part of a worker that runs tasks, for the task `work`; its results are confirmed when the spec says so. */
export function runFixture(
  run: (context: TaskContext) => unknown,
  { options = {}, settings = {}, pool, clock = { now: Date.now } }: RunFixtureOptions = {},
) {
  const logger = new RecordingLogger();
  const outcomesOf = outcomesFixture({ clock, logger });
  const { outcomes, signals } = outcomesOf;
  const active = new ActiveRuns();
  const revoked = new RevokedTasks();
  const runner = new TaskRunner(
    { outcomes, signals, active, pool, nodeName: 'w1@host', logger, clock },
    new TaskAdmission(revoked, clock),
  );
  const registered = optionedTask(options, run);
  const task = pool === undefined ? registered : { ...registered, encodeResult: (value: unknown) => value };
  const received = (
    call: Call = {},
    given: ReceivedTaskOptions = {},
  ): ReceivedTask & { delivery: FakeDelivery } => receivedTask(task, call, { settings, ...given });
  return { ...outcomesOf, logger, active, revoked, runner, received };
}
