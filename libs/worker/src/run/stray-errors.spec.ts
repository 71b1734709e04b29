import { IllegalStateError } from '@celeriac/primitives';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RunFixture } from '../testing/run-fixture.ts';
import { StrayErrors } from './stray-errors.ts';

const line = 'an error escaped from a task, the worker goes on';

function straysOf({ active, logger }: RunFixture, names = ['work', 'shop.pay']): StrayErrors {
  return new StrayErrors({ active, names: () => names, logger });
}

function withStack(error: Error, ...frames: string[]): Error {
  error.stack = [`Error: ${error.message}`, ...frames.map((frame) => `    at ${frame}`)].join('\n');
  return error;
}

const ours = '/app/node_modules/@celeriac/worker/dist/worker.js:3:5';

describe('StrayErrors', () => {
  it('names the tasks whose functions stand in the stack', () => {
    const fixture = new RunFixture(() => 5);
    const error = withStack(new Error('left'), 'async pay (/app/tasks.js:3:5)');
    expect(straysOf(fixture).take(error, 'unhandledRejection')).toBe('go-on');
    expect(fixture.logger.fieldsOf(line)).toMatchObject([
      { origin: 'unhandledRejection', count: 1, tasks: ['shop.pay'], err: error },
    ]);
  });

  it.each([undefined, null, Symbol('s'), Object.create(null)])(
    'names what runs and what ran last for %p',
    async (caught) => {
      const fixture = new RunFixture(() => 5);
      await fixture.runner.execute(fixture.received());
      expect(straysOf(fixture).take(caught, 'unhandledRejection')).toBe('go-on');
      expect(fixture.logger.fieldsOf(line)).toMatchObject([{ running: [], lastEnded: 'work' }]);
    },
  );

  it.each<[string, Error, 'go-on' | 'finish']>([
    [
      'our callback',
      withStack(new TypeError('of ours'), `x (${ours})`, 'listOnTimeout (node:internal/timers:1:1)'),
      'finish',
    ],
    [
      'our callback, as an error that we make on purpose',
      withStack(new IllegalStateError('meant'), `x (${ours})`),
      'go-on',
    ],
    [
      'a task’s callback, through code of ours',
      withStack(new TypeError('t'), `x (${ours})`, 'Timeout._onTimeout (/app/tasks.js:1:1)'),
      'go-on',
    ],
    ['nowhere that is known', withStack(new TypeError('t')), 'go-on'],
  ])('takes an exception from %s', (_what, error, verdict) => {
    expect(straysOf(new RunFixture(() => 5)).take(error, 'uncaughtException')).toBe(verdict);
  });

  it('goes on after a rejection of any kind', () => {
    const error = withStack(new TypeError('of ours'), `x (${ours})`);
    expect(straysOf(new RunFixture(() => 5)).take(error, 'unhandledRejection')).toBe('go-on');
  });

  it('knows the run from then on, and fails it with an exception that its callback throws', async () => {
    const fixture = new RunFixture(() => new Promise(() => setImmediate(stray)));
    const strays = straysOf(fixture);
    const error = new Error('thrown by a callback');
    const stray = (): void => {
      strays.take(error, 'uncaughtException');
    };
    strays.take(new Error('the first'), 'unhandledRejection');
    await fixture.runner.execute(fixture.received());
    await nextTurn();
    expect(fixture.logger.fieldsOf(line)).toMatchObject([
      { count: 1 },
      { count: 2, taskId: 'an-id', task: 'work', err: error },
    ]);
    expect(fixture.store.results).toMatchObject([
      { status: 'FAILURE', result: { exc_message: ['thrown by a callback'] } },
    ]);
    expect(fixture.active.size).toBe(0);
  });
});
