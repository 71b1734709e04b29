/**
 * What a worker and the threads or processes of its pool say to each other. Values go as JSON of our own writing, in
 * which floats, integers of any size, bytes and dates stay what they are.
 */
import { deserialize, serialize } from 'node:v8';
import type { LogFields, Logger } from '@celeriac/primitives';
import type { Outcome, ThrownWire } from './outcome-wire.ts';
import type { PoolTask } from './execution-pool.ts';

/** What a child is given before anything else. */
export interface ChildStart {
  /** URL of the module whose exported tasks it runs. */
  readonly tasksModule: string;
  readonly nodeName: string;
  readonly acceptContent: readonly string[] | undefined;
  readonly maxBodyBytes: number | undefined;
  readonly maxBodyValues: number | undefined;
}

/** A task on its way to a child. */
export interface Job {
  /** Of the runs of a pool, from 0. */
  readonly number: number;
  /** A {@link JobMessage} in V8's form, which keeps a Buffer a Buffer on either way; in memory of its own. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type JobMessage = Pick<PoolTask, 'message' | 'deliveryInfo' | 'isResultWanted'>;

export function encodeJob(number: number, { message, deliveryInfo, isResultWanted }: PoolTask): Job {
  const { properties, headers, body } = message;
  const job: JobMessage = { message: { properties, headers, body }, deliveryInfo, isResultWanted };
  return { number, bytes: new Uint8Array(serialize(job)) };
}

export function decodeJob({ bytes }: Job): JobMessage {
  return deserialize(bytes) as JobMessage;
}

/** What a child says while a task runs. */
export type RunMessage =
  | { readonly type: 'state'; readonly state: string; readonly meta: string }
  | {
      readonly type: 'log';
      readonly level: keyof Logger;
      readonly fields: LogFields;
      readonly message: string;
    };

/** What a child says when a task has ended. */
export interface RunReport {
  readonly outcome: Outcome;
  /** What it holds: a process its resident size, a thread its heap and what that holds outside. */
  readonly memoryKib: number;
}

export interface AbortMessage {
  readonly type: 'abort';
  /** The run that it is for: it may have ended meanwhile. */
  readonly job: number;
  readonly reason: ThrownWire;
}

export type MessageToProcess =
  | { readonly type: 'start'; readonly start: ChildStart }
  | { readonly type: 'run'; readonly job: Job }
  | AbortMessage;

export type MessageFromProcess =
  | { readonly type: 'ready' }
  | { readonly type: 'load-failed'; readonly reason: string }
  | { readonly type: 'report'; readonly report: RunReport }
  | RunMessage;
