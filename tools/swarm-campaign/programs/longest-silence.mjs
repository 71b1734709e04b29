import { queueOf, queues } from './calculator-oracle.mjs';

/**
 * The longest time in which no run of a queue's tasks was recorded, by queue, in ms: between two runs, from `from` to
 * the first, or from the last to `until`.
 */
export function longestSilenceMs(runs, from, until) {
  const times = new Map(queues.map((queue) => [queue, []]));
  for (const { at, task } of runs) {
    if (at >= from && at <= until) times.get(queueOf(task)).push(at);
  }
  const longest = (moments) => {
    const ordered = [from, ...moments.sort((one, other) => one - other), until];
    return Math.max(...ordered.slice(1).map((at, index) => at - ordered[index]));
  };
  return Object.fromEntries([...times].map(([queue, moments]) => [queue, longest(moments)]));
}
