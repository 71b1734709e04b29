import { LocalStackError } from './local-stack-error.ts';
import { waitUntil } from './wait-until.ts';

const options = { what: 'the moon is full', timeoutMs: 60_000, intervalMs: 1 };

describe('waitUntil', () => {
  it('tries until the condition holds', async () => {
    let tries = 0;
    await waitUntil(() => Promise.resolve((tries += 1) === 3), options);
    expect(tries).toBe(3);
  });

  it('gives up by name when the time is up', async () => {
    const waiting = waitUntil(() => Promise.resolve(false), { ...options, timeoutMs: 0 });
    await expect(waiting).rejects.toThrow(new LocalStackError('waited 0 s in vain until the moon is full'));
  });

  it('ends in mid-wait when it is aborted', async () => {
    const stop = new AbortController();
    const waiting = waitUntil(
      () => {
        stop.abort();
        return Promise.resolve(false);
      },
      { ...options, intervalMs: 60_000, signal: stop.signal },
    );
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('lets an error of the condition through', async () => {
    const broken = new Error('no sky');
    await expect(waitUntil(() => Promise.reject(broken), options)).rejects.toBe(broken);
  });
});
