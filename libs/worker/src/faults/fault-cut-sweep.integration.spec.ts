import { FaultLane, faultPoints, type FaultPoint } from '../testing/fault-lane.ts';

/** A cut waits most of its time, for the backoff of a reconnect; so that many can be under way. */
const laneCount = 12;

interface Cut {
  readonly point: FaultPoint;
  readonly afterBytes: number;
}

interface Outcome extends Cut {
  readonly id: string;
  readonly runs: number;
  readonly results: number;
}

/** `type(1) channel(2) size(4) class(2) method(2) delivery-tag(8) bits(1) end(1)` */
const ackBytes = 21;

/** From 0 to `most`, both included. */
function upTo(most: number): number[] {
  return Array.from({ length: most + 1 }, (_, at) => at);
}

function bytesCutAt(point: FaultPoint, outcomes: readonly Outcome[]): number[] {
  return outcomes
    .filter((outcome) => outcome.point === point)
    .map(({ afterBytes }) => afterBytes)
    .sort((a, b) => a - b);
}

/** Cuts, and cuts again when the message was shorter this time: the date of a result has fewer digits now and then. */
async function cutExactly(lane: FaultLane, { point, afterBytes }: Cut): Promise<Outcome> {
  for (;;) {
    const { id, forwardedBytes } = await lane.callWith({ kind: 'cut', afterBytes }, point);
    if (forwardedBytes !== afterBytes) continue;
    return { point, afterBytes, id, runs: lane.runs.get(id) ?? 0, results: lane.resultCount(id) };
  }
}

describe('a call, when a connection is cut at any byte on its way', () => {
  let lanes: FaultLane[] = [];

  afterEach(() => Promise.all(lanes.map((lane) => lane.close())));

  it('is confirmed, runs once or twice under one id, is answered once or twice, and leaves nothing behind', async () => {
    lanes = await Promise.all(Array.from({ length: laneCount }, () => FaultLane.open()));
    const sizes = new Map<FaultPoint, number>();
    for (const point of faultPoints) {
      const whole = await lanes[0]?.callWith({ kind: 'cut', afterBytes: Infinity }, point);
      sizes.set(point, whole?.forwardedBytes ?? 0);
    }
    const cuts = [...sizes].flatMap(([point, size]) =>
      upTo(size).map((afterBytes) => ({ point, afterBytes })),
    );

    const outcomes: Outcome[] = [];
    await Promise.all(
      lanes.map(async (lane) => {
        for (let cut = cuts.shift(); cut !== undefined; cut = cuts.shift())
          outcomes.push(await cutExactly(lane, cut));
      }),
    );
    const left = await Promise.all(lanes.map((lane) => lane.close()));

    expect(
      outcomes.filter(({ runs, results }) => runs < 1 || runs > 2 || results < 1 || results > 2),
    ).toEqual([]);
    expect(left.filter(({ calls, replies }) => calls + replies > 0)).toEqual([]);
    for (const [point, size] of sizes)
      expect([point, bytesCutAt(point, outcomes)]).toEqual([point, upTo(size)]);
    expect([...sizes.values()].filter((size) => size === ackBytes)).toHaveLength(4);
    expect([...sizes.values()].filter((size) => size > 4 * ackBytes)).toHaveLength(4);
    // some cuts come when the other side has the message already: were nothing ever done twice, nothing was cut there
    expect(outcomes.some(({ runs }) => runs === 2)).toBe(true);
    expect(outcomes.some(({ results }) => results === 2)).toBe(true);
  }, 300_000);
});
