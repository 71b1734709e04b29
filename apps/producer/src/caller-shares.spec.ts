import { callerOf, CallerShares } from './caller-shares.ts';

describe('CallerShares', () => {
  it('forgets the oldest result of the caller that has the most', () => {
    const shares = new CallerShares(4);
    expect(['a1', 'a2', 'a3'].map((id) => shares.add('a', id))).toEqual([undefined, undefined, undefined]);
    expect(shares.add('b', 'b1')).toBeUndefined();
    expect(shares.add('b', 'b2')).toBe('a1');
    expect(shares.add('a', 'a4')).toMatch(/^(?:a2|b1)$/);
  });

  it('never forgets the result of a caller with few for one with many', () => {
    const shares = new CallerShares(100);
    const kept = new Set<string>();
    const add = (caller: string, id: string): void => {
      const forgotten = shares.add(caller, id);
      if (forgotten !== undefined) kept.delete(forgotten);
      kept.add(id);
    };
    add('quiet', 'precious');
    for (let at = 0; at < 10_000; at++) add('loud', `loud-${at}`);
    for (let at = 0; at < 10_000; at++) add(`loud-${at % 3}`, `more-${at}`);

    expect(kept.has('precious')).toBe(true);
    expect(kept.size).toBe(100);
    expect([...kept].filter((id) => id.startsWith('more-')).every((id) => Number(id.slice(5)) > 9_890)).toBe(
      true,
    );
  });

  it('counts a result no more that was removed, and one that was added again once', () => {
    const shares = new CallerShares(2);
    shares.add('a', '1');
    shares.add('a', '2');
    shares.remove('1');
    shares.remove('unknown');
    expect(shares.add('b', '3')).toBeUndefined();
    expect(shares.add('b', '3')).toBeUndefined();
    shares.remove('3');
    shares.remove('2');
    expect([shares.add('c', '4'), shares.add('c', '5'), shares.add('c', '6')]).toEqual([
      undefined,
      undefined,
      '4',
    ]);
  });

  it('agrees with a count of everything, over random histories', () => {
    const shares = new CallerShares(20);
    const model: { readonly caller: string; readonly id: string }[] = [];
    let seed = 7;
    const random = (limit: number): number => (seed = (seed * 48_271) % 2_147_483_647) % limit;
    for (let step = 0; step < 5000; step++) {
      const id = `id-${random(60)}`;
      const caller = `caller-${random(5)}`;
      const at = model.findIndex((one) => one.id === id);
      if (at >= 0) model.splice(at, 1);
      if (random(4) === 0) {
        shares.remove(id);
        continue;
      }
      const counts = new Map<string, number>();
      for (const one of model) counts.set(one.caller, (counts.get(one.caller) ?? 0) + 1);
      const most = Math.max(0, ...counts.values());
      const candidates = model.filter(
        (one, index) =>
          counts.get(one.caller) === most &&
          model.findIndex((other) => other.caller === one.caller) === index,
      );
      const isFull = model.length >= 20;

      const forgotten = shares.add(caller, id);

      expect(forgotten !== undefined).toBe(isFull);
      if (forgotten !== undefined) {
        expect(candidates.map((one) => one.id)).toContain(forgotten);
        model.splice(
          model.findIndex((one) => one.id === forgotten),
          1,
        );
      }
      model.push({ caller, id });
    }
  });
});

describe('callerOf', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::1', '0:0:0:0::/64'],
    ['2001:db8:0:1:aaaa::1', '2001:db8:0:1::/64'],
    ['2001:db8:0:1::2', '2001:db8:0:1::/64'],
    ['2001:db8::1:0:0:2', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', ''],
  ])('takes %s for %s', (address, caller) => {
    expect(callerOf(address)).toBe(caller);
  });
});
