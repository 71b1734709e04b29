import { PythonError } from './python-error.ts';
import type { SignatureExtent } from './signature-extent.ts';

/** How much the end of one task may lead to. */
export interface FollowUpLimits {
  /** Calls that are made at once; ten times as many may follow in all. */
  readonly maxCalls: number;
  /** Bytes of the messages that are made at once. */
  readonly maxBytes: number;
}

/** Tasks that may follow in all, for each call that may be made at once. */
const tasksPerCall = 10;

const callsSetting = 'CELERIAC_MAX_FOLLOW_UP_CALLS';
const bytesSetting = 'CELERIAC_MAX_FOLLOW_UP_BYTES';

/** @throws PythonError `ValueError` when a task's end leads to more than it may; says what was counted */
export function assertWithin({ calls, bytes, tasks }: SignatureExtent, limits: FollowUpLimits): void {
  const { maxCalls, maxBytes } = limits;
  const maxTasks = maxCalls * tasksPerCall;
  if (calls > maxCalls) throw tooMany(`${maxCalls} calls at once`, callsSetting);
  if (tasks > maxTasks)
    throw tooMany(`${maxTasks} tasks in all`, `${callsSetting} (in all ten times as many)`);
  if (bytes > maxBytes) throw tooMany(`${maxBytes} bytes of messages at once`, bytesSetting);
}

/** @throws PythonError `ValueError` when a failure is to be told to more steps of a chain than may be called at once */
export function assertStepsWithin(steps: number, { maxCalls }: FollowUpLimits): void {
  if (steps > maxCalls) throw tooMany(`${maxCalls} later steps that fail with it`, callsSetting);
}

function tooMany(counted: string, setting: string): PythonError {
  return new PythonError('ValueError', [
    `the end of this task leads to more than ${counted}: send fewer, or raise ${setting} of its worker`,
  ]);
}
