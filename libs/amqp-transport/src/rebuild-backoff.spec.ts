import { RebuildBackoff } from './rebuild-backoff.ts';

describe('RebuildBackoff', () => {
  it('waits longer each time that something lived but for a moment, and not at all after a while', () => {
    const backoff = new RebuildBackoff();
    const now = performance.now();
    expect(backoff.delayMs(now - 5000)).toBe(0);
    for (const [least, most] of [
      [50, 100],
      [100, 200],
      [200, 400],
      [400, 800],
    ] as const) {
      const delayMs = backoff.delayMs(performance.now());
      expect(delayMs).toBeGreaterThanOrEqual(least);
      expect(delayMs).toBeLessThanOrEqual(most);
    }
    expect(backoff.delayMs(now - 5000)).toBe(0);
    expect(backoff.delayMs(performance.now())).toBeLessThanOrEqual(100);
  });
});
