/**
 * How much the longest fault specs do: a share of it with the other integration specs, all of it for `npm run faults`,
 * which sets CELERIAC_FAULTS.
 */
const isComplete = process.env['CELERIAC_FAULTS'] === 'complete'; // eslint-disable-line no-restricted-properties -- imported by specs alone

export const workerKillCount = isComplete ? 200 : 10;
