/** Tasks for the specs of the pools; threads and processes import this module. */
import { isMainThread, threadId } from 'node:worker_threads';
import { float, PythonError } from '@celeriac/protocol';
import {
  bound,
  defineHolder,
  defineTask,
  Ignore,
  implement,
  plainTask,
  Reject,
  SoftTimeLimitExceeded,
  withOptions,
} from '@celeriac/task-registry';
import { Type } from '@sinclair/typebox';
import { hostileReturns, hostileThrows } from './hostile-values.ts';

class OutOfStock extends Error {}

class Unspeakable extends Error {
  override get message(): string {
    throw new Error('not even that');
  }
}

const values = {
  float: () => float(9),
  fraction: () => 0.1,
  bigint: () => 2n ** 70n,
  bytes: () => Buffer.from([0xff, 0x00]),
  datetime: () => new Date('2026-01-02T03:04:05.678Z'),
  nothing: () => undefined,
  nested: () => ({ list: [1, float(1), { deep: -0 }] }),
  function: () => () => 1,
};

const failures = {
  python: () => {
    throw new PythonError('KeyError', ['num_1', float(2)]);
  },
  async: async () => {
    await Promise.resolve();
    throw new TypeError('no such number');
  },
  text: () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- tasks throw what they like
    throw 'just a text';
  },
  unspeakable: () => {
    throw new Unspeakable();
  },
  cause: () => {
    throw new OutOfStock('none left', { cause: new RangeError('too many') });
  },
};

const deaths = {
  spin: () => {
    for (;;);
  },
  sigkill: () => process.kill(process.pid, 'SIGKILL'),
  // eslint-disable-next-line no-restricted-properties -- tasks do what they like
  exit: () => process.exit(3),
  uncaught: () => {
    setTimeout(() => {
      throw new Error('nobody catches this');
    });
    return forever();
  },
};

function forever(): Promise<never> {
  return new Promise(() => setInterval(() => undefined, 60_000));
}

const kept: Buffer[] = [];

const holder = defineHolder('pooled', {
  value: plainTask(),
  fail: plainTask(),
  die: plainTask(),
  leave: plainTask(),
  hostile: plainTask(),
  where: plainTask(),
  keep: plainTask(),
  request: plainTask(),
  progress: plainTask(),
  log: plainTask(),
  again: plainTask(),
  reject: plainTask(),
  ignore: plainTask(),
  untilAborted: plainTask(),
  typed: defineTask({ parameters: [['n', Type.Number()]], result: Type.Number() }),
});

export const tasks = implement(holder, {
  value: (kind: keyof typeof values) => values[kind](),
  fail: withOptions({ throws: [OutOfStock] }, (kind: keyof typeof failures) => failures[kind]()),
  die: (kind: keyof typeof deaths) => deaths[kind](),
  leave: (how: 'rejects' | 'throws') => {
    const left = new Error(`left behind: ${how}`);
    setTimeout(() => {
      if (how === 'throws') throw left;
      void Promise.reject(left);
    }, 50);
    return 'left';
  },
  hostile: (how: 'throws' | 'returns', name: string) => {
    if (how === 'returns') return hostileReturns[name as keyof typeof hostileReturns][1]();
    throw hostileThrows[name as keyof typeof hostileThrows](); // eslint-disable-line @typescript-eslint/only-throw-error -- tasks throw what they like
  },
  where: () => (isMainThread ? process.pid : threadId),
  keep: (mib: number) => kept.push(Buffer.alloc(mib * 2 ** 20, 1)),
  request: bound(({ request }) => {
    const { args, deliveryInfo, hostname, headers } = request;
    return { args, deliveryInfo: { ...deliveryInfo }, hostname, isBuffer: Buffer.isBuffer(headers['bytes']) };
  }),
  progress: bound((context, count: number) => {
    for (let done = 0; done < count; done++) context.updateState('PROGRESS', { done: float(done) });
    return 'done';
  }),
  log: bound(({ logger }) => {
    logger.warn({ amount: 3, callback: () => 1, at: new Date(0) }, 'low on stock');
  }),
  again: bound((context, unwritable?: 'unwritable') =>
    context.retry({
      eta: new Date('2030-01-01T00:00:00Z'),
      exc: new OutOfStock('none left'),
      args: [float(2), unwritable === undefined ? 2n ** 70n : () => 1],
      kwargs: { bytes: Buffer.from([0xff]) },
      queue: 'later',
      priority: 3,
      expires: new Date('2031-01-01T00:00:00Z'),
    }),
  ),
  reject: () => {
    throw new Reject('no such customer', { requeue: true });
  },
  ignore: () => {
    throw new Ignore('somebody else has done it');
  },
  untilAborted: bound(async (context, end: 'return' | 'throw') => {
    context.updateState('WAITING');
    await new Promise((resolve) => {
      if (context.signal.aborted) {
        resolve(undefined);
        return;
      }
      const keepAlive = setInterval(() => undefined, 60_000);
      context.signal.addEventListener('abort', () => {
        clearInterval(keepAlive);
        resolve(undefined);
      });
    });
    if (end === 'throw') throw context.signal.reason;
    return context.signal.reason instanceof SoftTimeLimitExceeded;
  }),
  typed: (n) => n,
});
