import { RecordingLogger } from '@celeriac/testing';
import type { AsyncResult } from './async-result.ts';
import { ResultCache, type ResultCacheOptions } from './result-cache.ts';
import { resultOf } from './testing/results.ts';

/** A cache with a clock that the spec sets. */
function createCache(options: Partial<ResultCacheOptions> = {}) {
  const clock = { ms: 0, now: () => clock.ms };
  const logger = new RecordingLogger();
  const cache = new ResultCache({ maxSize: 3, maxBytes: 10_000, expiresMs: 1000, clock, logger, ...options });
  /** The result of a call that the broker has. */
  const open = (id: string): AsyncResult => {
    const kept = cache.open(id, 'add', false);
    cache.confirm(kept);
    return kept.result;
  };
  const kept = (...ids: readonly string[]): string[] => ids.filter((id) => cache.get(id) !== undefined);
  return { cache, clock, open, kept, logger };
}

describe('ResultCache', () => {
  it('hands states to the result of their task, and ignores those of others', () => {
    const { cache, open } = createCache();
    const [one, two] = [open('1'), open('2')];
    cache.receive('2', resultOf('2', { result: 'second' }));
    cache.receive('3', resultOf('3'));
    expect([one.state, two.state, two.result]).toEqual(['PENDING', 'SUCCESS', 'second']);
    expect([cache.get('1'), cache.get('2'), cache.get('3')]).toEqual([one, two, undefined]);
  });

  describe('when more results are kept than may be', () => {
    it('drops the oldest, and tells who asks for it later', async () => {
      const { open, kept } = createCache({ maxSize: 3 });
      const first = open('1');
      for (const id of ['2', '3', '4', '5']) open(id);
      expect(kept('1', '2', '3', '4', '5')).toEqual(['3', '4', '5']);
      await expect(first.get()).rejects.toMatchObject({
        code: 'ERR_BACKEND',
        message: 'the result of task 1 was dropped: more than 3 results were kept (resultCacheMax)',
      });
    });

    it('leaves a dropped result that had come to whoever holds it', async () => {
      const { cache, open, kept } = createCache({ maxSize: 1 });
      const first = open('1');
      cache.receive('1', resultOf('1'));
      open('2');
      expect(kept('1')).toEqual([]);
      expect(await first.get()).toBe(9);
    });

    it('keeps those that someone waits for, and drops them when nobody does any more', async () => {
      const { cache, open, kept } = createCache({ maxSize: 2 });
      const gets = ['1', '2'].map((id) => open(id).get());
      for (const id of ['3', '4', '5']) open(id);
      expect(kept('1', '2', '3', '4', '5')).toEqual(['1', '2', '5']);
      for (const id of ['1', '2']) cache.receive(id, resultOf(id));
      expect(await Promise.all(gets)).toEqual([9, 9]);
      for (const id of ['6', '7', '8']) open(id);
      expect(kept('1', '2', '5', '6', '7', '8')).toEqual(['7', '8']);
    });

    it('keeps those whose call is under way: their callers could not have asked for them', () => {
      const { cache, kept } = createCache({ maxSize: 2 });
      const sent = ['1', '2', '3', '4'].map((id) => cache.open(id, 'add', false));
      expect(kept('1', '2', '3', '4')).toEqual(['1', '2', '3', '4']);
      for (const one of sent) cache.confirm(one);
      cache.open('5', 'add', false);
      expect(kept('1', '2', '3', '4', '5')).toEqual(['4', '5']);
    });

    it('shrinks again after many were waited for', async () => {
      const { cache, open } = createCache({ maxSize: 2 });
      const ids = Array.from({ length: 50 }, (_, at) => `awaited ${at}`);
      const gets = ids.map((id) => open(id).get());
      expect(ids.filter((id) => cache.get(id) !== undefined)).toHaveLength(50);
      for (const id of ids) cache.receive(id, resultOf(id));
      await Promise.all(gets);
      for (let at = 0; at < 10; at++) open(`later ${at}`);
      expect(ids.filter((id) => cache.get(id) !== undefined)).toEqual([]);
    });
  });

  describe('when results are old', () => {
    it('drops them as calls are sent, and tells who asks for them later', async () => {
      const { clock, open, kept } = createCache({ expiresMs: 1000, maxSize: 100 });
      const first = open('1');
      clock.ms = 500;
      open('2');
      clock.ms = 999;
      open('3');
      expect(kept('1', '2', '3')).toEqual(['1', '2', '3']);
      clock.ms = 1000;
      open('4');
      expect(kept('1', '2', '3', '4')).toEqual(['2', '3', '4']);
      clock.ms = 1999;
      open('5');
      expect(kept('2', '3', '4', '5')).toEqual(['4', '5']);
      await expect(first.get()).rejects.toThrow(
        'the result of task 1 was dropped: it is older than 1000 ms (resultExpiresMs)',
      );
    });

    it('drops those behind one that someone waits for', async () => {
      const { cache, clock, open, kept } = createCache({ expiresMs: 1000, maxSize: 100 });
      const get = open('1').get();
      open('2');
      clock.ms = 1000;
      open('3');
      expect(kept('1', '2', '3')).toEqual(['1', '3']);
      cache.receive('1', resultOf('1'));
      expect(await get).toBe(9);
    });
  });

  describe('when calls have the same id', () => {
    it('gives them one result while it has not come', async () => {
      const { cache, open } = createCache();
      const first = open('1');
      expect(open('1')).toBe(first);
      expect(cache.open('1', 'add', true).result).toBe(first);
      const get = first.get();
      cache.receive('1', resultOf('1'));
      expect(await get).toBe(9);
    });

    it('makes it as young as the last of them', () => {
      const { open, kept } = createCache({ maxSize: 2 });
      for (const id of ['1', '2', '1', '3']) open(id);
      expect(kept('1', '2', '3')).toEqual(['1', '3']);
    });

    it('gives a new result for a task that has ended', () => {
      const { cache, open } = createCache();
      const first = open('1');
      cache.receive('1', resultOf('1'));
      const second = open('1');
      expect(second).not.toBe(first);
      expect([first.state, second.state, cache.get('1')]).toEqual(['SUCCESS', 'PENDING', second]);
    });

    it('gives a new result to another task, and tells who waited for the first', async () => {
      const { cache, open } = createCache();
      const get = open('1').get();
      const second = cache.open('1', 'subtract', false).result;
      await expect(get).rejects.toThrow('task 1: its id was used for another call');
      expect([second.name, cache.get('1')]).toEqual(['subtract', second]);
    });

    it('gives a result to wait for after one that is not stored', () => {
      const { cache, open } = createCache();
      expect(cache.open('1', 'add', true).result.isIgnored).toBe(true);
      expect(open('1').isIgnored).toBe(false);
    });

    it('keeps the result while a call stands behind it', async () => {
      const { cache } = createCache();
      const [one, two] = [cache.open('1', 'add', false), cache.open('1', 'add', false)];
      const get = one.result.get();
      cache.abandon(one);
      expect(cache.get('1')).toBe(one.result);
      cache.abandon(two);
      expect(cache.get('1')).toBeUndefined();
      await expect(get).rejects.toThrow('task 1: the broker has not confirmed the call; send it again');
    });

    it('keeps the result of a confirmed call when another one is not confirmed', async () => {
      const { cache, open } = createCache();
      const get = open('1').get();
      cache.abandon(cache.open('1', 'add', false));
      cache.receive('1', resultOf('1'));
      expect(await get).toBe(9);
    });

    it('does not forget the later result for the failure of an earlier call', () => {
      const { cache, open } = createCache();
      const first = cache.open('1', 'add', false);
      cache.receive('1', resultOf('1'));
      const second = open('1');
      cache.abandon(first);
      expect(cache.get('1')).toBe(second);
    });
  });

  describe('when results take more memory than they may', () => {
    const large = (id: string) => ({ ...resultOf(id), decodedBytes: 4000 });
    const ids = ['1', '2', '3', '4', '5'];

    it('forgets those that came first, and says so once', () => {
      const { cache, open, kept, logger } = createCache({ maxSize: 100 });
      for (const id of ids) open(id);
      for (const id of ids.toReversed()) cache.receive(id, large(id));
      expect(kept(...ids)).toEqual(['1', '2']);
      expect(logger.lines).toMatchObject([{ level: 'warn', fields: { maxBytes: 10_000 } }]);
    });

    it('keeps those that are still to come: they take nothing', () => {
      const { cache, open, kept } = createCache({ maxSize: 100 });
      for (const id of ['to come', ...ids]) open(id);
      for (const id of ids) cache.receive(id, large(id));
      expect(kept('to come', ...ids)).toEqual(['to come', '4', '5']);
    });

    it('gives each to whoever waits for it, however large', async () => {
      const { cache, open } = createCache({ maxSize: 100 });
      const gets = ids.map((id) => open(id).get());
      for (const id of ids) cache.receive(id, { ...large(id), decodedBytes: 50_000 });
      expect(await Promise.all(gets)).toEqual([9, 9, 9, 9, 9]);
      expect(cache.get('5')).toBeDefined();
    });

    it('has room again for what was dropped, replaced, abandoned or lost', () => {
      const { cache, open, kept } = createCache({ maxSize: 2 });
      for (const id of ids) {
        open(id);
        cache.receive(id, large(id)); // the oldest is dropped, as more than two are kept
      }
      expect(kept(...ids)).toEqual(['4', '5']);
      open('5'); // another call under its id
      cache.receive('5', large('5'));
      expect(kept('4', '5')).toEqual(['4', '5']);
      cache.loseAll('the client was closed');
      for (const id of ['6', '7']) {
        open(id);
        cache.receive(id, large(id));
      }
      expect(kept('6', '7')).toEqual(['6', '7']);
    });

    it('counts the last state of a task alone', () => {
      const { cache, open, kept } = createCache();
      open('1');
      for (let time = 0; time < 10; time++) cache.receive('1', { ...large('1'), status: 'PROGRESS' });
      open('2');
      cache.receive('2', large('2'));
      expect(kept('1', '2')).toEqual(['1', '2']);
    });
  });

  it('tells all who wait when no result will come, and goes on', async () => {
    const { cache, open, kept } = createCache({ maxSize: 2 });
    const gets = ['1', '2', '3'].map((id) => open(id).get());
    cache.loseAll('the client was closed');
    for (const [at, get] of gets.entries())
      await expect(get).rejects.toThrow(`task ${at + 1}: the client was closed`);
    for (const id of ['4', '5', '6']) open(id);
    expect(kept('1', '2', '3', '4', '5', '6')).toEqual(['5', '6']);
  });
});
