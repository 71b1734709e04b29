/** What the publisher is to do, its only argument, as JSON. */
export type Job = RateJob | BurstJob | FootprintJob;

interface AnyJob {
  /** Names of the queues; calls go to each in turn. */
  readonly queues: readonly string[];
  /** Consumers that the queues have together before anything begins. */
  readonly consumers: number;
}

/** Calls one task again and again, with the same number of calls open all the time. */
export interface RateJob extends AnyJob {
  readonly kind: 'rate';
  readonly task: 'wait' | 'noop';
  /** Argument of `wait`. */
  readonly waitMs: number;
  /** Calls that are open (sent, and not answered) at any time. */
  readonly open: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
}

/** Sends calls at once and waits until the last is answered. */
export interface BurstJob extends AnyJob {
  readonly kind: 'burst';
  /** How long each call waits, in the order of sending. */
  readonly waitsMs: readonly number[];
}

/** Looks at what the broker holds for its clients. */
export interface FootprintJob extends AnyJob {
  readonly kind: 'footprint';
}

/** What the publisher prints, as one line of JSON. */
export type JobResult = RateResult | BurstResult | FootprintResult;

export interface RateResult {
  readonly kind: 'rate';
  /** The window, in ms since 1970. */
  readonly from: number;
  readonly to: number;
  /** Calls answered in the window. */
  readonly answered: number;
  /** The same for each second of it: a trend would show here. */
  readonly answeredEachSecond: readonly number[];
  /** Mean time that a task of the window waited; 0 for noop. */
  readonly meanWaitedMs: number;
  /**
   * Messages ready in each queue as the broker last counted them, up to ten seconds before the end of the window: while
   * there are some, the workers are fed.
   */
  readonly readyAtEnd: readonly number[];
  /** Memory of the broker at the end. */
  readonly brokerBytes: number;
}

export interface BurstResult {
  readonly kind: 'burst';
  /** From the first call to the last answer. */
  readonly tookMs: number;
  /** From the first call to the answer of the call in the middle, and to that of the 99th of a hundred, in the order of answers. */
  readonly medianMs: number;
  readonly p99Ms: number;
  /** Calls that each worker ran. */
  readonly ranBy: readonly number[];
}

export interface FootprintResult {
  readonly kind: 'footprint';
  readonly versions: Readonly<Record<'rabbitmq' | 'erlang' | 'node', string>>;
  readonly connections: number;
  readonly channels: number;
  readonly openFiles: number;
  /** Memory of the broker that its connections and channels take, in bytes. */
  readonly connectionBytes: number;
  /** All memory of the broker. */
  readonly totalBytes: number;
}
