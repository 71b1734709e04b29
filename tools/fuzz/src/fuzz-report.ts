import type { Observation } from './process-under-test.ts';

/** No turn of the event loop may take longer, on a machine that does nothing else. */
export const mostStallMs = 250;

/** What is wrong with what was seen; nothing when all is well. */
export function complaints(name: string, seen: Observation, allowedMs = mostStallMs): string[] {
  const { healthAnswers, longestStallMs, memoryLimitBytes, peakResidentBytes } = seen;
  const found: string[] = [];
  if (longestStallMs > allowedMs)
    found.push(
      `${name}: its event loop was held for ${Math.round(longestStallMs)} ms, the limit is ${allowedMs}`,
    );
  if (peakResidentBytes > memoryLimitBytes)
    found.push(`${name}: ${mib(peakResidentBytes)} resident, its container has ${mib(memoryLimitBytes)}`);
  if (healthAnswers === 0) found.push(`${name}: its health was never asked`);
  for (const message of ['uncaught exception', 'unhandled rejection', 'not JSON'])
    if (seen.logged.has(message))
      found.push(`${name}: logged '${message}' ${seen.logged.get(message) ?? 0} times`);
  return found;
}

/** What was seen, for people. */
export function describe(name: string, seen: Observation): string {
  const { healthAnswers, logged, longestStallMs, memoryLimitBytes, peakResidentBytes, slowestHealthMs } =
    seen;
  const lines = [...logged].sort(([, left], [, right]) => right - left);
  return [
    `${name}: longest stall ${Math.round(longestStallMs)} ms, peak ${mib(peakResidentBytes)} of ${mib(memoryLimitBytes)},`,
    `  health answered ${healthAnswers} times, the slowest after ${Math.round(slowestHealthMs)} ms`,
    ...lines.map(([message, count]) => `  ${String(count).padStart(8)} × ${message}`),
  ].join('\n');
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`;
}
