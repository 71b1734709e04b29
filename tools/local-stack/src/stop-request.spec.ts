import { listenForStop } from './stop-request.ts';
import type { StopRequest } from './stop-request.ts';

describe('listenForStop', () => {
  let now = 0;
  let request: StopRequest;

  beforeEach(() => {
    now = 5_000;
    request = listenForStop(() => now);
  });

  afterEach(() => {
    request.release();
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('asks for a stop at the first %s', (signal) => {
    expect(request.stop.aborted).toBe(false);
    process.emit(signal);
    expect(request.stop.aborted).toBe(true);
    expect(request.insist.aborted).toBe(false);
  });

  it('takes the echo of one Ctrl-C, from the terminal and from npm, for one', () => {
    process.emit('SIGINT');
    now += 900;
    process.emit('SIGINT');
    expect(request.insist.aborted).toBe(false);
  });

  it('insists when a signal comes again later', () => {
    process.emit('SIGINT');
    now += 1_100;
    process.emit('SIGTERM');
    expect(request.insist.aborted).toBe(true);
  });

  it('gives the signals back', () => {
    request.release();
    expect(process.listeners('SIGTERM')).toEqual([]);
    expect(process.listeners('SIGINT')).toEqual([]);
  });
});
