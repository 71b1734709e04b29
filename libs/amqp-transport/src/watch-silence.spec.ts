import { watchSilence } from './watch-silence.ts';

describe('watchSilence', () => {
  let socket: { bytesRead: number };
  let silentAt: number[];
  let stop: () => void;

  beforeEach(() => {
    jest.useFakeTimers();
    socket = { bytesRead: 0 };
    silentAt = [];
    const start = Date.now();
    stop = watchSilence(socket, 10, () => silentAt.push(Date.now() - start));
  });

  afterEach(() => {
    stop();
    jest.useRealTimers();
  });

  it.each([0, 100, 2400, 2500, 7000])(
    'notices within two heartbeats that nothing came after %i ms, and says so once',
    (lastAt) => {
      jest.advanceTimersByTime(lastAt);
      socket.bytesRead += 8;
      jest.advanceTimersByTime(60_000);
      expect(silentAt).toHaveLength(1);
      expect((silentAt[0] ?? 0) - lastAt).toBeGreaterThanOrEqual(15_000);
      expect((silentAt[0] ?? 0) - lastAt).toBeLessThan(20_000);
    },
  );

  it('is content with a peer that beats once in each interval', () => {
    for (let beat = 0; beat < 20; beat++) {
      jest.advanceTimersByTime(10_000);
      socket.bytesRead += 8;
    }
    expect(silentAt).toEqual([]);
  });

  it('takes a turn of the event loop that lasted long for one look: what came meanwhile is still unread', async () => {
    jest.useRealTimers();
    const busy = { bytesRead: 0 };
    let isSilent = false;
    const stopWatching = watchSilence(busy, 0.2, () => (isSilent = true));
    for (let turn = 0; turn < 3; turn++) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
      await new Promise((resolve) => setTimeout(resolve, 0)); // the timers' turn, before that of the sockets
      busy.bytesRead += 8;
    }
    stopWatching();
    expect(isSilent).toBe(false);
  });

  it('says nothing once it is stopped', () => {
    stop();
    jest.advanceTimersByTime(60_000);
    expect(silentAt).toEqual([]);
  });
});
