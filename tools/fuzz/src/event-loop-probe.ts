/**
 * Loaded into the process under test with `--import`: tells its parent each half second how long the event loop was held.
 *
 * A stall is a turn in which the loop was late and the process computed: the lesser of the delay and the CPU time used in
 * it, so that time which other processes of a busy machine took does not count.
 */
import process from 'node:process';

/** What the process under test tells its parent, of the time since the last report. */
export interface ProbeReport {
  readonly longestStallMs: number;
  readonly residentBytes: number;
}

const intervalMs = 20;
const reportMs = 500;

let lastMs = performance.now();
let lastCpu = process.cpuUsage();
let longestStallMs = 0;

setInterval(() => {
  const nowMs = performance.now();
  const { user, system } = process.cpuUsage(lastCpu);
  lastCpu = process.cpuUsage();
  longestStallMs = Math.max(longestStallMs, Math.min(nowMs - lastMs - intervalMs, (user + system) / 1000));
  lastMs = nowMs;
}, intervalMs).unref();

setInterval(() => {
  const report: ProbeReport = { longestStallMs, residentBytes: process.memoryUsage.rss() };
  longestStallMs = 0;
  if (process.connected) process.send?.(report, undefined, undefined, () => undefined);
}, reportMs).unref();

// the channel to the parent must not keep the process alive
process.channel?.unref();
