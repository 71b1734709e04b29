import { FakeProcess } from './testing/fake-process.ts';
import { runCommandLine } from './testing/run-command-line.ts';

describe('main', () => {
  it('ends the process when its output is written, and not before', async () => {
    const host = new FakeProcess();
    const waiting: (() => void)[] = [];
    host.stdout._write = (_chunk, _encoding, done) => waiting.push(done);

    const ended = runCommandLine(['report'], { host });
    await new Promise(setImmediate);
    expect(host.exitCodes).toEqual([]);
    while (waiting.length > 0) {
      waiting.shift()?.();
      await new Promise(setImmediate);
    }

    await ended;
    expect(host.exitCodes).toEqual([0]);
  });

  it('ends with its own exit code when the reader of its output has gone', async () => {
    const host = new FakeProcess();
    host.stdout._write = () => {
      setImmediate(() => host.stdout.destroy(new Error('EPIPE')));
    };

    const { exitCode } = await runCommandLine(['report'], { host });

    expect(exitCode).toBe(0);
  });
});
