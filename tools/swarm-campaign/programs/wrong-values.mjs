import { isDeepStrictEqual } from 'node:util';

import { expectedResult } from './calculator-oracle.mjs';

/**
 * Everything about a call that contradicts arithmetic: an answer, what a run returned, or what a run was given. The
 * callers only send what can be computed, so that a failure is wrong too.
 */
export function wrongValues({ id, task, args, answers, runs }) {
  const expected = expectedResult(task, args);
  const wrong = [];
  const note = (where, got) => wrong.push({ id, task, args, where, got, expected });
  for (const answer of answers) {
    if (answer.failure !== undefined) note('answer', answer.failure);
    else if (!isDeepStrictEqual(answer.result, expected)) note('answer', answer.result);
  }
  for (const run of runs) {
    if (run.state !== 'SUCCESS') note('run', run.retval);
    else if (!isDeepStrictEqual(run.retval, expected)) note('run', run.retval);
    const given = { task: run.task, args: run.args };
    if (!isDeepStrictEqual(given, { task, args })) note('arguments of the run', given);
  }
  return wrong;
}
