import { complaints, describe as described } from './fuzz-report.ts';
import type { Observation } from './process-under-test.ts';

const good: Observation = {
  longestStallMs: 40,
  peakResidentBytes: 100 * 1024 ** 2,
  memoryLimitBytes: 256 * 1024 ** 2,
  healthAnswers: 10,
  slowestHealthMs: 20,
  logged: new Map([['consuming', 1]]),
};

describe('complaints', () => {
  it.each<[string, Partial<Observation>, string[]]>([
    ['nothing', {}, []],
    ['a stall', { longestStallMs: 251 }, ['worker: its event loop was held for 251 ms, the limit is 250']],
    [
      'too much memory',
      { peakResidentBytes: 300 * 1024 ** 2 },
      ['worker: 300 MiB resident, its container has 256 MiB'],
    ],
    ['a health that was never asked', { healthAnswers: 0 }, ['worker: its health was never asked']],
    ['a line that Node wrote', { logged: new Map([['not JSON', 3]]) }, ["worker: logged 'not JSON' 3 times"]],
  ])('has %s', (_what, change, expected) => {
    expect(complaints('worker', { ...good, ...change })).toEqual(expected);
  });
});

describe('describe', () => {
  it('tells what was seen', () => {
    expect(described('worker', good)).toContain('longest stall 40 ms, peak 100 MiB of 256 MiB');
  });
});
