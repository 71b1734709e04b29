import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { EventEmitter } from 'node:events';
import { runApp, type AppContext } from './run-app.ts';
import type { RunnableApp, ShutdownMode } from './supervise-app.ts';

/** A process that can be told to have received a signal, and keeps what it was told. */
class FakeProcess extends EventEmitter {
  readonly env: NodeJS.ProcessEnv;
  readonly exitCodes: number[] = [];
  printed = '';
  readonly stderr = { write: (text: string): number => (this.printed += text).length };

  constructor(env: NodeJS.ProcessEnv = {}) {
    super();
    this.env = env;
  }

  exit(code: number): void {
    this.exitCodes.push(code);
  }
}

/** An app whose end the test decides. */
class FakeApp implements RunnableApp {
  isReady = true;
  readonly stops: ShutdownMode[] = [];
  readonly done: Promise<void>;
  readonly started: Promise<void>;
  finish: () => void = () => undefined;
  fail: (error: Error) => void = () => undefined;
  onStart: () => Promise<void> = () => Promise.resolve();
  onStop: (mode: ShutdownMode) => Promise<void> = () => Promise.resolve();
  #begun: () => void = () => undefined;

  constructor() {
    this.started = new Promise((resolve) => (this.#begun = resolve));
    this.done = new Promise((resolve, reject) => {
      this.finish = resolve;
      this.fail = reject;
    });
  }

  start(): Promise<void> {
    this.#begun();
    return this.onStart();
  }

  stop({ mode }: { mode: ShutdownMode }): Promise<void> {
    this.stops.push(mode);
    return this.onStop(mode);
  }
}

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly err?: { readonly message: string };
  readonly port?: number;
}

function run(env: NodeJS.ProcessEnv = {}, create?: (context: AppContext) => RunnableApp) {
  const host = new FakeProcess(env);
  const app = new FakeApp();
  const lines: LogLine[] = [];
  const ended = runApp({
    name: 'addition',
    create: create ?? (() => app),
    process: host,
    destination: { write: (line) => lines.push(JSON.parse(line) as LogLine) },
  });
  return { host, app, lines, ended };
}

describe('runApp', () => {
  it('prints wrong settings in plain lines and ends with 1 before the app is made', async () => {
    const create = jest.fn<RunnableApp, [AppContext]>();

    const { host, ended, lines } = run({ CELERY_TASK_ACKS_LATE: 'maybe', CELERY_BROKR_URL: 'x' }, create);
    await ended;

    expect(host.printed.split('\n')).toEqual([
      'addition: 2 settings are wrong:',
      '  CELERY_TASK_ACKS_LATE must be one of true, false, yes, no, on, off, 1, 0, got "maybe"',
      '  CELERY_BROKR_URL is not a setting; did you mean CELERY_BROKER_URL?',
      '',
    ]);
    expect(host.exitCodes).toEqual([1]);
    expect(create).not.toHaveBeenCalled();
    expect(lines).toEqual([]);
  });

  it('prints a setting that the app refuses', async () => {
    const { host, ended } = run({}, () => {
      throw new ImproperlyConfiguredError('queue has no tasks');
    });
    await ended;

    expect(host.printed).toBe('addition: queue has no tasks\n');
    expect(host.exitCodes).toEqual([1]);
  });

  it('passes on a mistake of the program', async () => {
    const { ended } = run({}, () => {
      throw new TypeError('undefined is not a function');
    });

    await expect(ended).rejects.toThrow('undefined is not a function');
  });

  it('gives the app the settings and a logger of its level', async () => {
    const app = new FakeApp();
    const contexts: AppContext[] = [];
    const { ended, lines } = run(
      { CELERY_WORKER_CONCURRENCY: '3', CELERIAC_LOG_LEVEL: 'warn' },
      (context) => {
        contexts.push(context);
        return app;
      },
    );
    contexts[0]?.logger.info({}, 'quiet');
    contexts[0]?.logger.warn({}, 'loud');
    app.finish();
    await ended;

    expect(contexts[0]?.settings.workerConcurrency).toBe(3);
    expect(lines.map(({ msg }) => msg)).toEqual(['loud']);
  });

  it('warns of variables that only Celery has a use for', async () => {
    const { host, app, ended, lines } = run({ CELERY_APP: 'shop.celery' });
    await app.started;
    app.finish();
    await ended;
    expect(host.exitCodes).toEqual([0]);
    expect(lines.filter((line) => line.level === 'warn')).toMatchObject([{ variable: 'CELERY_APP' }]);
  });

  it('ends with 0 when the app ends by itself, and takes its listeners away', async () => {
    const { host, app, ended } = run();
    await app.started;
    expect(host.eventNames()).toHaveLength(5);

    app.finish();
    await ended;

    expect(host.exitCodes).toEqual([0]);
    expect(host.eventNames()).toEqual([]);
    expect(app.stops).toEqual([]);
  });

  it.each([
    [['SIGTERM'], ['warm'], 0],
    [['SIGINT'], ['warm'], 0],
    [['SIGTERM', 'SIGTERM'], ['warm'], 0],
    [['SIGQUIT'], ['cold'], 1],
    [['SIGINT', 'SIGINT'], ['warm', 'cold'], 1],
  ])('on %j stops the app %j and ends with %d when it has stopped', async (signals, stops, exitCode) => {
    const { host, app, ended } = run();
    await app.started;

    for (const signal of signals) host.emit(signal);
    expect(app.stops).toEqual(stops);
    expect(host.exitCodes).toEqual([]);
    app.finish();
    await ended;

    expect(host.exitCodes).toEqual([exitCode]);
  });

  describe('with CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT', () => {
    const soft = { CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT: '600' };

    it.each([
      [['SIGQUIT'], ['soft'], 0],
      [['SIGINT', 'SIGINT'], ['warm', 'soft'], 0],
      [['SIGTERM', 'SIGQUIT'], ['warm', 'soft'], 0],
      [['SIGTERM', 'SIGINT', 'SIGINT'], ['warm', 'soft', 'cold'], 1],
      [['SIGTERM', 'SIGTERM'], ['warm'], 0],
    ])('on %j stops the app %j and ends with %d when it has stopped', async (signals, stops, exitCode) => {
      const { host, app, ended } = run(soft);
      await app.started;

      for (const signal of signals) host.emit(signal);
      expect(app.stops).toEqual(stops);
      expect(host.exitCodes).toEqual([]);
      app.finish();
      await ended;

      expect(host.exitCodes).toEqual([exitCode]);
    });

    it('gives the app that time, and makes the shutdown cold when that is over', async () => {
      const { host, app, ended, lines } = run({ CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT: '0.01' });
      app.onStop = (mode) => {
        if (mode === 'cold') app.finish();
        return Promise.resolve();
      };
      await app.started;

      host.emit('SIGQUIT');
      await ended;

      expect(app.stops).toEqual(['soft', 'cold']);
      expect(host.exitCodes).toEqual([1]);
      expect(lines.map(({ msg }) => msg)).toEqual([
        'soft shutdown',
        'time of the soft shutdown is over, cold shutdown',
      ]);
    });

    it('ends at once with 0 when nothing runs', async () => {
      const { host, app, ended } = run(soft);
      app.onStop = () => {
        app.finish();
        return Promise.resolve();
      };
      await app.started;
      host.emit('SIGQUIT');
      await ended;
      expect([app.stops, host.exitCodes]).toEqual([['soft'], [0]]);
    });

    describe('and CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE', () => {
      const onIdle = { ...soft, CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE: 'true' };

      beforeEach(() => {
        jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
      });

      afterEach(() => {
        jest.useRealTimers();
      });

      it('waits that time out when nothing runs, and ends with 0', async () => {
        const { host, app, ended } = run(onIdle);
        await app.started;
        host.emit('SIGQUIT');
        app.finish();
        await jest.advanceTimersByTimeAsync(599_999);
        expect(host.exitCodes).toEqual([]);
        await jest.advanceTimersByTimeAsync(1);
        await ended;
        expect([app.stops, host.exitCodes]).toEqual([['soft'], [0]]);
      });

      it('waits no longer when it is asked for more', async () => {
        const { host, app, ended } = run(onIdle);
        await app.started;
        host.emit('SIGQUIT');
        app.finish();
        await jest.advanceTimersByTimeAsync(1000);
        host.emit('SIGQUIT');
        await ended;
        expect([app.stops, host.exitCodes]).toEqual([['soft', 'cold'], [0]]);
      });
    });

    it('does not go back to it when the time for the warm shutdown has run out', async () => {
      const { host, app, ended } = run({ ...soft, CELERIAC_SHUTDOWN_TIMEOUT: '0.01' });
      const isCold = new Promise<void>((resolve) => {
        app.onStop = (mode) => {
          if (mode === 'cold') resolve();
          return Promise.resolve();
        };
      });
      await app.started;
      host.emit('SIGTERM');
      await isCold;

      host.emit('SIGQUIT');
      await ended;

      expect(app.stops).toEqual(['warm', 'cold']);
      expect(host.exitCodes).toEqual([1]);
    });
  });

  it('takes TERM for QUIT with REMAP_SIGTERM=SIGQUIT', async () => {
    const { host, app, ended } = run({ REMAP_SIGTERM: 'SIGQUIT' });
    await app.started;

    host.emit('SIGTERM');
    app.finish();
    await ended;

    expect(app.stops).toEqual(['cold']);
    expect(host.exitCodes).toEqual([1]);
  });

  it('ends with 0 when TERM was soft and all that ran has ended', async () => {
    const { host, app, ended } = run({
      REMAP_SIGTERM: 'SIGQUIT',
      CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT: '600',
    });
    await app.started;
    host.emit('SIGTERM');
    app.finish();
    await ended;
    expect([app.stops, host.exitCodes]).toEqual([['soft'], [0]]);
  });

  it('starts with no other REMAP_SIGTERM', async () => {
    const create = jest.fn<RunnableApp, [AppContext]>();

    const { host, ended } = run({ REMAP_SIGTERM: 'SIGKILL' }, create);
    await ended;

    expect(host.printed).toBe(
      'addition: 1 setting is wrong:\n  REMAP_SIGTERM must be SIGQUIT, got "SIGKILL"\n',
    );
    expect(host.exitCodes).toEqual([1]);
    expect(create).not.toHaveBeenCalled();
  });

  it('ends at once with 1 on a third INT, though the app hangs', async () => {
    const { host, app, ended } = run();
    await app.started;

    for (const signal of ['SIGINT', 'SIGINT', 'SIGINT']) host.emit(signal);
    await ended;

    expect(host.exitCodes).toEqual([1]);
  });

  it('stops an app that is still starting, and does not take its cut-short start for a failure', async () => {
    const { host, app, ended, lines } = run();
    let interrupt: (error: Error) => void = () => undefined;
    app.onStart = () => new Promise((_, reject) => (interrupt = reject));
    app.onStop = () => {
      interrupt(new Error('stopped'));
      app.finish();
      return Promise.resolve();
    };
    await app.started;

    host.emit('SIGTERM');
    await ended;

    expect(app.stops).toEqual(['warm']);
    expect(host.exitCodes).toEqual([0]);
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('makes a warm shutdown cold after CELERIAC_SHUTDOWN_TIMEOUT', async () => {
    const { host, app, ended, lines } = run({ CELERIAC_SHUTDOWN_TIMEOUT: '0.01' });
    app.onStop = (mode) => {
      if (mode === 'cold') app.finish();
      return Promise.resolve();
    };
    await app.started;

    host.emit('SIGTERM');
    await ended;

    expect(app.stops).toEqual(['warm', 'cold']);
    expect(host.exitCodes).toEqual([1]);
    expect(lines.map(({ msg }) => msg)).toContain('warm shutdown took too long, cold shutdown');
  });

  it('ends at once on an INT after the time for the shutdown ran out', async () => {
    const { host, app, ended } = run({ CELERIAC_SHUTDOWN_TIMEOUT: '0.01' });
    const isCold = new Promise<void>((resolve) => {
      app.onStop = (mode) => {
        if (mode === 'cold') resolve();
        return Promise.resolve();
      };
    });
    await app.started;
    host.emit('SIGTERM');
    await isCold;

    host.emit('SIGINT');
    await ended;

    expect(app.stops).toEqual(['warm', 'cold']);
    expect(host.exitCodes).toEqual([1]);
  });

  it('logs a start that fails and ends with 1', async () => {
    const { host, app, ended, lines } = run();
    app.onStart = () => Promise.reject(new Error('no such exchange'));
    await ended;

    expect(lines).toMatchObject([{ level: 'error', msg: 'failed', err: { message: 'no such exchange' } }]);
    expect(host.exitCodes).toEqual([1]);
  });

  it('logs an app that fails later and ends with 1', async () => {
    const { host, app, ended, lines } = run();
    await app.started;

    app.fail(new Error('broker refuses the queue'));
    await ended;

    expect(lines).toMatchObject([
      { level: 'error', msg: 'failed', err: { message: 'broker refuses the queue' } },
    ]);
    expect(host.exitCodes).toEqual([1]);
  });

  it('logs a shutdown that fails and ends with 1, though the app never says that it is done', async () => {
    const { host, app, ended, lines } = run();
    app.onStop = () => Promise.reject(new Error('channel is gone'));
    await app.started;

    host.emit('SIGTERM');
    await ended;

    expect(lines.at(-1)).toMatchObject({
      level: 'error',
      msg: 'shutdown failed',
      err: { message: 'channel is gone' },
    });
    expect(host.exitCodes).toEqual([1]);
  });

  it('takes a shutdown that fails at its very end for a failure', async () => {
    const { host, app, ended } = run();
    app.onStop = async () => {
      app.finish();
      await app.done;
      throw new Error('the broker closed first');
    };
    await app.started;

    host.emit('SIGTERM');
    await ended;

    expect(host.exitCodes).toEqual([1]);
  });

  it.each([
    ['uncaughtException', new Error('oops'), 'oops'],
    ['unhandledRejection', 'just text', 'just text'],
  ])('logs what escaped as %s and ends with 1', async (origin, caught, message) => {
    const { host, app, ended, lines } = run();
    await app.started;

    host.emit(origin, caught);
    await ended;

    expect(lines).toMatchObject([
      { level: 'error', origin, err: { message }, msg: 'an error escaped, the process ends' },
    ]);
    expect(host.exitCodes).toEqual([1]);
  });

  describe('with CELERIAC_HEALTH_PORT', () => {
    function urlOf(lines: readonly LogLine[]): string {
      const port = lines.find(({ msg }) => msg === 'health server listens')?.port;
      return `http://127.0.0.1:${String(port)}/health`;
    }

    it('tells whether the app is ready, and not ready once it shuts down; stops to answer at the end', async () => {
      const { host, app, ended, lines } = run({ CELERIAC_HEALTH_PORT: '0' });
      await app.started;
      const url = urlOf(lines);

      app.isReady = false;
      expect((await fetch(`${url}/ready`)).status).toBe(503);
      expect((await fetch(`${url}/live`)).status).toBe(200);
      app.isReady = true;
      expect((await fetch(`${url}/ready`)).status).toBe(200);
      host.emit('SIGTERM');
      expect((await fetch(`${url}/ready`)).status).toBe(503);
      app.finish();
      await ended;

      await expect(fetch(`${url}/live`)).rejects.toThrow('fetch failed');
    });

    it('names the setting when the port is taken, and starts nothing', async () => {
      const first = run({ CELERIAC_HEALTH_PORT: '0' });
      await first.app.started;
      const port = new URL(urlOf(first.lines)).port;

      const second = run({ CELERIAC_HEALTH_PORT: port });
      const onStart = jest.spyOn(second.app, 'start');
      await second.ended;
      first.app.finish();
      await first.ended;

      expect(second.host.printed).toContain(
        `addition: CELERIAC_HEALTH_PORT ${port} on CELERIAC_HEALTH_HOST 127.0.0.1 cannot be used`,
      );
      expect(second.host.printed).toContain('EADDRINUSE');
      expect(second.host.exitCodes).toEqual([1]);
      expect(onStart).not.toHaveBeenCalled();
    });
  });
});
