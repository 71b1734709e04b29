import { slotsAtCap, throughput } from './throughput-model.ts';

const parameters = { overheadSeconds: 0.005, cap: 1000, sharpness: 4 };

describe('throughput', () => {
  it('is what the slots give while that is far below the cap', () => {
    expect(throughput({ slots: 2, taskSeconds: 0.02 }, parameters)).toBeCloseTo(80, 2);
  });

  it('is the cap when the slots could give far more', () => {
    expect(throughput({ slots: 1e6, taskSeconds: 0.02 }, parameters)).toBeCloseTo(1000, 2);
  });

  it('is below both where they meet', () => {
    const slots = slotsAtCap(0.02, parameters);

    expect(slots).toBeCloseTo(25, 9);
    expect(throughput({ slots, taskSeconds: 0.02 }, parameters)).toBeCloseTo(1000 * 2 ** (-1 / 4), 9);
  });

  it('is the smaller bound when the bend is sharp, without overflow', () => {
    const sharp = { ...parameters, sharpness: 1e4 };

    expect(throughput({ slots: 20, taskSeconds: 0.02 }, sharp)).toBeCloseTo(800, 6);
    expect(throughput({ slots: 50, taskSeconds: 0.02 }, sharp)).toBeCloseTo(1000, 6);
  });
});
