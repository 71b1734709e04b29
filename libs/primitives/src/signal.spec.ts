import type { LogFields } from './logger.ts';
import { silentLogger } from './logger.ts';
import { logReceiverErrors, Signal } from './signal.ts';

describe('Signal', () => {
  const errors: string[] = [];
  const onError = (error: Error, signal: string): void => {
    errors.push(`${signal}: ${error.message}`);
  };

  beforeEach(() => {
    errors.length = 0;
  });

  it('calls its receivers at once, in the order in which they were connected', () => {
    const signal = new Signal<number>('task_success');
    const calls: string[] = [];
    signal.connect((payload) => calls.push(`first ${payload}`));
    signal.connect((payload) => calls.push(`second ${payload}`));

    signal.send(1, onError);

    expect(calls).toEqual(['first 1', 'second 1']);
    expect(errors).toEqual([]);
  });

  it('says whether anybody listens', () => {
    const signal = new Signal<undefined>('task_received');
    const receiver = (): void => undefined;
    expect(signal.hasReceivers).toBe(false);

    const disconnect = signal.connect(receiver);
    expect(signal.hasReceivers).toBe(true);
    disconnect();
    disconnect();

    expect(signal.hasReceivers).toBe(false);
    expect(signal.disconnect(receiver)).toBe(false);
  });

  it('calls a receiver that is connected twice once', () => {
    const signal = new Signal<number>('task_success');
    const calls: number[] = [];
    const receiver = (payload: number): void => {
      calls.push(payload);
    };
    signal.connect(receiver);
    signal.connect(receiver);
    signal.send(1, onError);
    expect(calls).toEqual([1]);

    expect(signal.disconnect(receiver)).toBe(true);
    signal.send(2, onError);
    expect(calls).toEqual([1]);
  });

  it('calls the others when a receiver throws, rejects, or gives a promise that is none', async () => {
    const signal = new Signal<string>('task_failure');
    const heard: string[] = [];
    signal.connect(() => {
      throw new Error('thrown');
    });
    signal.connect(() => Promise.reject(new Error('rejected')));
    signal.connect(() => Promise.resolve('fine'));
    signal.connect(() => ({
      get then() {
        throw new Error('broken');
      },
    }));
    signal.connect(() => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- what a receiver throws is not ours to choose
      throw 'just text';
    });
    signal.connect((payload) => heard.push(payload));

    signal.send('payload', onError);

    expect(heard).toEqual(['payload']);
    await new Promise(setImmediate); // rejections have been told by then
    expect(errors.toSorted()).toEqual([
      'task_failure: broken',
      'task_failure: just text',
      'task_failure: rejected',
      'task_failure: thrown',
    ]);
  });

  it('does not wait for what a receiver promises', () => {
    const signal = new Signal<number>('task_prerun');
    const calls: number[] = [];
    signal.connect(() => new Promise(() => undefined));
    signal.connect((payload) => calls.push(payload));

    signal.send(1, onError);

    expect(calls).toEqual([1]);
  });

  it('lets receivers come and go while it is sent; what changes holds from the next time on', () => {
    const signal = new Signal<number>('task_postrun');
    const calls: string[] = [];
    const leave = signal.connect((payload) => {
      calls.push(`once ${payload}`);
      leave();
      signal.connect((later) => calls.push(`late ${later}`));
    });
    signal.connect((payload) => calls.push(`always ${payload}`));

    signal.send(1, onError);
    signal.send(2, onError);

    expect(calls).toEqual(['once 1', 'always 1', 'always 2', 'late 2']);
  });
});

describe('logReceiverErrors', () => {
  it('logs the error under the name of the signal', () => {
    const lines: { fields: LogFields; message: string }[] = [];
    const log = logReceiverErrors({
      ...silentLogger,
      error: (fields, message) => lines.push({ fields, message }),
    });
    const error = new Error('oops');

    log(error, 'task_retry');

    expect(lines).toEqual([
      { fields: { err: error, signal: 'task_retry' }, message: 'receiver of a signal failed' },
    ]);
  });
});
