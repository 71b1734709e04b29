export interface BackoffOptions {
  /** Delay before the first retry, in ms. Default 100. */
  readonly initialMs?: number;
  /** No delay is longer than this, in ms. Default 2000. */
  readonly maxMs?: number;
  /** Source of jitter, in [0, 1). Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * How long to wait before attempt `attempt` (0 is the first retry): exponential, capped, with "equal" jitter, so that
 * half of the delay is certain and replicas that lost the same broker do not come back in step.
 *
 * | attempt | 0 | 1 | 2 | 3 | 4 | 5 and later |
 * | --- | --- | --- | --- | --- | --- | --- |
 * | delay, ms | 50–100 | 100–200 | 200–400 | 400–800 | 800–1600 | 1000–2000 |
 */
export function backoffMs(attempt: number, options: BackoffOptions = {}): number {
  const { initialMs = 100, maxMs = 2000, random = Math.random } = options;
  const ceiling = Math.min(maxMs, initialMs * 2 ** Math.min(attempt, 30));
  return ceiling / 2 + (ceiling / 2) * random();
}
