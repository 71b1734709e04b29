/**
 * How much the longest fault specs do: a share of it with the other integration specs, all of it for `npm run faults`,
 * which sets CELERIAC_TEST_FAULTS.
 */
const isComplete = process.env['CELERIAC_TEST_FAULTS'] === 'complete'; // eslint-disable-line no-restricted-properties -- imported by specs alone

export const workerKillCount = isComplete ? 200 : 10;
/** Good calls beside a poison, connections that are closed, and the rows of the table of deadly calls that are played. */
export const poisoned = isComplete
  ? { goodCount: 1000, closedCount: 60, rows: { classic: [0, 1, 2, 3, 4], quorum: [0, 1, 2, 3, 4] } }
  : { goodCount: 200, closedCount: 25, rows: { classic: [1, 2, 4], quorum: [0] } };
/** Tasks with an eta an hour ahead, all in one queue. */
export const etaFloodCount = isComplete ? 100_000 : 3000;
/** How long a task keeps its CPU busy, in seconds, and the heartbeat of its worker meanwhile. */
export const busyPool = isComplete
  ? { spinSeconds: 60, heartbeatSeconds: 10 }
  : { spinSeconds: 15, heartbeatSeconds: 5 };
