import { callHistories } from './call-histories.mjs';
import { longestSilenceMs } from './longest-silence.mjs';
import { wrongValues } from './wrong-values.mjs';

/** Cases that a finding shows of those it counts. */
const shownCases = 20;

/** Findings that no window may have; a fault may only cost what redeliveries and resends explain. */
const neverAllowed = ['lost', 'wrong', 'phantom', 'unexplained'];

/** What an event that an operator plans must not cost either. */
const notWhenPlanned = ['duplicated', 'http5xx', 'unanswered', 'refused'];

/**
 * Judges the calls that were first sent in [from, to) by all that is recorded of them, whenever; and the runs recorded
 * in [from, until] by whether somebody sent them.
 *
 * A producer that is replaced takes the answers with it that it waits for; `isProducerReplaced` allows for those.
 *
 * @returns the report; its `violations` are the rules that are broken
 * @throws when there is no such call, or one that the oracle has no rule for
 */
export function judge(records, { from, to, until, kind, isProducerReplaced }) {
  const { calls, strays } = callHistories(records);
  const judged = calls.filter(({ firstSentMs }) => firstSentMs >= from && firstSentMs < to);
  if (judged.length === 0) throw new Error(`no call was first sent from ${from} to ${to}: nothing to judge`);
  const count = (test) => judged.filter(test).length;
  const sum = (number) => judged.reduce((total, call) => total + number(call), 0);
  const duplicated = judged.filter(({ isDuplicated }) => isDuplicated);
  const unanswered = judged.filter(({ answers }) => answers.length === 0);
  const report = {
    window: { from, to, until, kind, isProducerReplaced },
    sent: judged.length,
    confirmed: count(({ isConfirmed }) => isConfirmed),
    executed: count(({ runs }) => runs.length > 0),
    answered: count(({ answers }) => answers.length > 0),
    unanswered: unanswered.length,
    unansweredReasons: countReasons(unanswered),
    lost: finding(judged.filter((call) => call.isTaken && call.runs.length === 0).map(shownCall)),
    duplicated: finding(duplicated.map(shownCall)),
    explained: duplicated.filter(({ isExplained }) => isExplained).length,
    unexplained: duplicated.filter(({ isExplained }) => !isExplained).length,
    wrong: finding(judged.flatMap(wrongValues)),
    phantom: finding(strays.filter(({ at }) => at >= from && at <= until)),
    refused: sum(({ refused }) => refused),
    unconfirmed: sum(({ unconfirmed }) => unconfirmed),
    http5xx: sum(({ http5xx }) => http5xx),
    torn: records.torn,
    longestSilenceMs: longestSilenceMs(records.runs, from, until),
  };
  const rules = kind === 'planned' ? [...neverAllowed, ...notWhenPlanned] : neverAllowed;
  const silent = unanswered.filter(({ isProducerLost }) => !(isProducerLost && isProducerReplaced));
  const broken = { ...report, unanswered: silent.length };
  return { ...report, violations: rules.filter((rule) => (broken[rule].count ?? broken[rule]) > 0) };
}

function finding(cases) {
  const ids = [...new Set(cases.map(({ id }) => id))];
  return { count: ids.length, ids: ids.slice(0, shownCases), cases: cases.slice(0, shownCases) };
}

function shownCall({ id, task, args, firstSentMs, sendings, refused, isConfirmed, isExplained, runs }) {
  const shownRuns = runs.map(({ at, redelivered, hostname }) => ({ at, redelivered, hostname }));
  return { id, task, args, firstSentMs, sendings, refused, isConfirmed, isExplained, runs: shownRuns };
}

function countReasons(calls) {
  const counts = {};
  for (const { unansweredReason = 'the caller said nothing more' } of calls) {
    counts[unansweredReason] = (counts[unansweredReason] ?? 0) + 1;
  }
  return counts;
}
