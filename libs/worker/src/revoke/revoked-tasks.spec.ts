import { float, writeJson } from '@celeriac/protocol';
import { RevokedTasks } from './revoked-tasks.ts';

function task(id: string, stamps: Record<string, unknown> = {}) {
  return { id, stamps, stampedHeaders: Object.keys(stamps) };
}

describe('RevokedTasks', () => {
  it('is empty at first, and revokes nothing', () => {
    const revoked = new RevokedTasks();
    expect(revoked.size).toBe(0);
    expect(revoked.isRevoked(task('a', { customer: '7' }))).toBe(false);
  });

  it('revokes tasks by id', () => {
    const revoked = new RevokedTasks();
    revoked.add(['a', 'b', '__proto__']);
    expect(['a', 'b', '__proto__', 'c'].map((id) => revoked.isRevoked(task(id)))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect([revoked.size, [...revoked.ids()]]).toEqual([3, ['a', 'b', '__proto__']]);
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>, boolean]>([
    ['a value', { monitoring_id: 'abc' }, { monitoring_id: 'abc' }, true],
    ['one of a list of revoked values', { monitoring_id: ['x', 'abc'] }, { monitoring_id: 'abc' }, true],
    ['one of the values of a task', { monitoring_id: 'abc' }, { monitoring_id: ['x', 'abc'] }, true],
    ['another value', { monitoring_id: 'abc' }, { monitoring_id: 'abd' }, false],
    ['the same value of another header', { monitoring_id: 'abc' }, { customer: 'abc' }, false],
    ['a number', { customer: 7 }, { customer: 7n }, true],
    ['a float that is whole', { customer: float(7) }, { customer: [8, 7] }, true],
    ['a truth value, which is a number in Python', { flag: true }, { flag: 1 }, true],
    ['text that looks like a number', { customer: '7' }, { customer: 7 }, false],
    ['null', { customer: null }, { customer: null }, false],
    ['a table', { customer: {} }, { customer: {} }, false],
    ['a header that is named like a method', { toString: 'x' }, { toString: 'x' }, true],
    ['a prototype', { ['__proto__']: 'x' }, { ['__proto__']: 'x' }, true],
  ])('by stamp, compares %s', (_, headers, stamps, isRevoked) => {
    const revoked = new RevokedTasks();
    revoked.addStampedHeaders(headers);
    expect(revoked.isRevoked(task('a', stamps))).toBe(isRevoked);
  });

  it('heeds only the stamps that a task names as stamped headers', () => {
    const revoked = new RevokedTasks();
    revoked.addStampedHeaders({ customer: '7' });
    expect(revoked.isRevoked({ id: 'a', stampedHeaders: [], stamps: { customer: '7' } })).toBe(false);
    expect(revoked.isRevoked({ id: 'a', stampedHeaders: ['customer'], stamps: {} })).toBe(false);
    expect(revoked.isRevoked({ id: 'a', stampedHeaders: ['toString'], stamps: {} })).toBe(false);
  });

  it('adds to the values of a header that were revoked before', () => {
    const revoked = new RevokedTasks();
    revoked.addStampedHeaders({ customer: ['7', '8'] });
    revoked.addStampedHeaders({ customer: '9' });
    expect(revoked.stamps()).toEqual([
      ['customer', '7'],
      ['customer', '8'],
      ['customer', '9'],
    ]);
    expect(revoked.size).toBe(3);
  });

  it('keeps at most as many ids and stamps as it is told, the newest', () => {
    const revoked = new RevokedTasks({ max: 2, expiresMs: 60_000 });
    revoked.add(['a', 'b', 'c']);
    revoked.addStampedHeaders({ customer: [1, 2, 3] });
    expect([...revoked.ids()]).toEqual(['b', 'c']);
    expect(revoked.stamps()).toEqual([
      ['customer', 2],
      ['customer', 3],
    ]);
  });

  it('is written for a peer as Python writes it, with floats that Celery 5.6 takes', () => {
    const revoked = new RevokedTasks();
    revoked.add(['a', '__proto__']);
    jest.spyOn(process.hrtime, 'bigint').mockReturnValue(12_000_000_000n);
    revoked.add(['b']);
    jest.restoreAllMocks();
    expect(Object.keys(revoked.toWire())).toEqual(['a', '__proto__', 'b']);
    expect(writeJson(revoked.toWire())).toMatch(
      /^\{"a": \[\d+\.\d+, "a"\], "__proto__": \[\d+\.\d+, "__proto__"\], "b": \[12\.0, "b"\]\}$/,
    );
  });

  it('tells of additions', () => {
    const revoked = new RevokedTasks();
    const sizes: number[] = [];
    revoked.onChange(() => sizes.push(revoked.size));
    revoked.add(['a', 'b']);
    revoked.addStampedHeaders({ customer: 1 });
    expect(sizes).toEqual([2, 3]);
  });
});
