import { workerBanner, type WorkerBanner } from './worker-banner.ts';

describe('workerBanner', () => {
  const banner: WorkerBanner = {
    nodeName: 'w1@box',
    version: '0.1.0',
    app: 'dist/tasks.js',
    brokerUrl: 'amqp://user:hunter2@host:5672//;amqp://user:hunter2@other//',
    resultBackend: 'rpc://',
    workerConcurrency: 8,
    workerPool: 'processes',
    workerSendTaskEvents: false,
    queues: ['addition', 'a-queue-of-a-longer-name'],
    tasks: ['sub', 'add'],
    startedAt: new Date('2030-01-31T08:00:00.123Z'),
  };

  it("looks like Celery's, without credentials", () => {
    const [, name, , platform = '', ...rest] = workerBanner(banner).split('\n');

    expect(name).toBe('w1@box v0.1.0');
    expect(platform).toMatch(/ Node\.js-\d+\.\d+\.\d+ 2030-01-31 08:00:00$/);
    expect(rest.join('\n')).toBe(`
[config]
.> app:         dist/tasks.js
.> transport:   amqp://**@host:5672//;amqp://**@other//
.> results:     rpc://
.> concurrency: 8 (processes)
.> task events: OFF (enable -E to monitor tasks in this worker)

[queues]
.> addition         exchange=addition(direct) key=addition
.> a-queue-of-a-longer-name exchange=a-queue-of-a-longer-name(direct) key=a-queue-of-a-longer-name

[tasks]
  . add
  . sub

`);
  });

  it('says that events of tasks are sent', () => {
    expect(workerBanner({ ...banner, workerSendTaskEvents: true })).toContain('\n.> task events: ON\n');
  });

  it('shows no tasks where there are none to show', () => {
    expect(workerBanner({ ...banner, tasks: undefined })).not.toContain('[tasks]');
  });
});
