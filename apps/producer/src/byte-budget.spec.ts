import { ByteBudget } from './byte-budget.ts';
import type { Holder } from './byte-budget.ts';

/** A holder that notes that it gave way. */
function yielding(name: string, gone: string[]): Holder {
  return { giveWay: () => gone.push(name) };
}

describe('ByteBudget', () => {
  it('counts what each holder has until it releases it', () => {
    const budget = new ByteBudget(100);
    const [first, second] = [{}, {}];
    expect([budget.hold(first, 60), budget.hold(second, 40), budget.held]).toEqual([true, true, 100]);
    budget.release(first);
    budget.release(first);
    expect(budget.held).toBe(40);
  });

  it('refuses bytes that are not there while no other can give way', () => {
    const budget = new ByteBudget(100);
    const [first, second] = [{}, {}];
    budget.hold(first, 60);
    expect([budget.hold(second, 41), budget.hold(second, 40)]).toEqual([false, true]);
    expect(budget.held).toBe(100);
  });

  it('lets a holder that is alone have more than there is', () => {
    const budget = new ByteBudget(100);
    const alone = {};
    expect([budget.hold(alone, 70), budget.hold(alone, 70)]).toEqual([true, true]);
    expect(budget.hold({}, 1)).toBe(false);
  });

  it('has the oldest holders that can give way do so, and no more of them than it takes', () => {
    const budget = new ByteBudget(100);
    const gone: string[] = [];
    const fixed: Holder = {};
    budget.hold(fixed, 10);
    for (const name of ['a', 'b', 'c']) budget.hold(yielding(name, gone), 30);

    expect(budget.hold(yielding('d', gone), 50)).toBe(true);

    expect([gone, budget.held]).toEqual([['a', 'b'], 90]);
  });

  it('spares a holder that has become one that cannot give way', () => {
    const budget = new ByteBudget(100);
    const gone: string[] = [];
    const first = yielding('first', gone);
    budget.hold(first, 60);
    budget.hold(yielding('second', gone), 40);
    first.giveWay = undefined;

    expect(budget.hold({}, 30)).toBe(true);
    expect(gone).toEqual(['second']);
  });
});
