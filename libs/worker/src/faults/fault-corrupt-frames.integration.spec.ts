import { FaultLane, faultPoints } from '../testing/fault-lane.ts';

/** Type, channel (two bytes) and end octet of a frame; its size is no matter of one frame alone. */
const bytesOfFraming = [0, 1, 2, Infinity];

describe('a call, when the framing of a message on its way is damaged', () => {
  let lane: FaultLane;

  afterEach(() => lane.close());

  it.each(faultPoints)('is answered all the same: %s', async (point) => {
    lane = await FaultLane.open();
    const parts = /acknowledgement|confirm/.test(point)
      ? (['method'] as const)
      : (['method', 'header', 'body'] as const);
    for (const part of parts) {
      for (const byte of bytesOfFraming) {
        const { id } = await lane.callWith({ kind: 'corrupt', byte }, point, part);
        const times = [lane.runs.get(id) ?? 0, lane.resultCount(id)];
        expect([part, byte, Math.min(...times) >= 1, Math.max(...times) <= 2]).toEqual([
          part,
          byte,
          true,
          true,
        ]);
      }
    }
    expect(await lane.close()).toEqual({ calls: 0, replies: 0 });
  });
});
