/**
 * The recorded conversations of Python workers, had with ours: the client's messages are replayed and what the worker
 * does is compared as a set, order apart (Celery's processes keep none): results to the byte but for dates and
 * tracebacks, the calls that follow with their headers, the properties of both, and how each message is settled.
 */
import { loadVectors, type RecordedCase, type RecordedVersion } from '@celeriac/testing';
import type { CoveredCase } from './testing/recorded-case.ts';
import * as recordedCases from './testing/recorded-cases.ts';
import * as recordedLateCases from './testing/recorded-late-cases.ts';
import { callsOf, expectedConduct } from './testing/recorded-conversation.ts';
import { replay } from './testing/replay.ts';

type Stem = 'worker-rpc' | 'worker-late-acks-and-serializers';

function casesOf(stem: Stem, version: RecordedVersion): ReadonlyMap<string, RecordedCase> {
  return new Map(loadVectors(stem, version).cases.map((recorded) => [recorded.name, recorded]));
}

function caseNamed(cases: ReadonlyMap<string, RecordedCase>, name: string): RecordedCase {
  const recorded = cases.get(name);
  if (recorded === undefined) throw new Error(`no recorded case ${name}`);
  return recorded;
}

/** When the call was made, as far as its dates tell; the present for calls without. */
function momentOf(recorded: RecordedCase): number {
  if (recorded.name.startsWith('expired_on') || recorded.name === 'expired_naive') return Date.now();
  const moments = callsOf(recorded).flatMap(({ headers, properties }) => {
    const [eta, expires] = [headers?.['eta'], headers?.['expires']];
    const expiration = properties?.['expiration'];
    if (typeof expires === 'string' && typeof expiration === 'string')
      return [Date.parse(expires) - Number(expiration)];
    return typeof eta === 'string' && !eta.endsWith('Z') ? [Date.parse(eta) - 500] : [];
  });
  return moments.find(Number.isFinite) ?? Date.now();
}

const files: readonly [
  stem: Stem,
  version: RecordedVersion,
  listed: Pick<typeof recordedCases, 'covered' | 'notCovered'>,
][] = [
  ['worker-rpc', 'celery-5.2.6', recordedCases],
  ['worker-rpc', 'celery-5.6.3', recordedCases],
  ['worker-rpc', 'celery-main', recordedCases],
  ['worker-late-acks-and-serializers', 'celery-5.2.6', recordedLateCases],
  ['worker-late-acks-and-serializers', 'celery-main', recordedLateCases],
];

describe.each(files)('a worker that gets what in %s %s’s worker got', (stem, version, listed) => {
  const { covered, notCovered } = listed;
  const cases = casesOf(stem, version);
  // results have the form of the newest release, which is the one that we write
  const newest = casesOf(stem, 'celery-main');

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('is given every case, or there is a reason why not', () => {
    const names = [...Object.keys(covered), ...Object.keys(notCovered)];
    expect(names.sort()).toEqual([...cases.keys()].sort());
  });

  it.each(Object.entries<CoveredCase>(covered))('does the same: %s', async (name, given) => {
    const { settings = {}, acksLate = [true, false] } = given;
    const recorded = caseNamed(cases, name);
    const expected = expectedConduct(caseNamed(newest, name), given);
    for (const taskAcksLate of acksLate) {
      jest.setSystemTime(momentOf(recorded));
      const played = { ...given, settings: { taskAcksLate, ...settings } };
      expect(await replay(recorded, played, expected.settled.length)).toEqual(expected);
    }
  });
});
