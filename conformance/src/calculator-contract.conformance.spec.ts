import { closeAfterAll } from './close-after-all.ts';
import { describeWithPython } from './describe-with-python.ts';
import type { ManagedProcess } from './managed-process.ts';
import { operations, verbs } from './operations.ts';
import type { Outcome } from './outcome.ts';
import { runDriver } from './python-driver.ts';
import { startTypescriptWorkers } from './typescript-app.ts';

describeWithPython('TypeScript workers called by Python', (python) => {
  closeAfterAll();
  let workers: readonly ManagedProcess[] = [];

  beforeAll(async () => {
    workers = await startTypescriptWorkers();
  });

  it.each([
    ['add', 'addition', '7', '2', { kind: 'value', type: 'float', repr: '9.0' }],
    ['subtract', 'subtraction', '7', '2', { kind: 'value', type: 'float', repr: '5.0' }],
    ['multiply', 'multiplication', '7', '2', { kind: 'value', type: 'float', repr: '14.0' }],
    ['divide', 'division', '7', '2', { kind: 'value', type: 'float', repr: '3.5' }],
    ['divide', 'division', '7', '"0"', { kind: 'value', type: 'str', repr: "'ND'" }],
    [
      'add',
      'addition',
      '"abc"',
      '2',
      {
        kind: 'exception',
        type: 'ValueError',
        module: 'builtins',
        args: `("could not convert string to float: 'abc'",)`,
        text: "could not convert string to float: 'abc'",
      },
    ],
  ])('answer %s on %s of %s and %s', async (task, queue, num1, num2, expected) => {
    const line = `{"task": "${task}", "queue": "${queue}", "args": [{"num_1": ${num1}, "num_2": ${num2}}]}`;
    expect(await runDriver<Outcome>(python, 'call', [], [line])).toEqual([expected]);
  });

  it.each(operations)('answer the fake task of %s with its verb', async (queue) => {
    const line = `{"task": "fake${verbs[queue]}", "queue": "${queue}", "args": [{"num_1": 1, "num_2": 0}]}`;
    expect(await runDriver<Outcome>(python, 'call', [], [line])).toEqual([
      { kind: 'value', type: 'str', repr: `'${verbs[queue]}'` },
    ]);
  });

  it('serve the unmodified Flask producer: GET /create_tasks/50', async () => {
    const [report] = await runDriver(python, 'flask_calls', ['50']);
    expect(report).toEqual({
      status: 200,
      body: 'Done 50',
      sent: { addition: 50, subtraction: 50, multiplication: 50, division: 50 },
      right: 200,
      wrong: [],
    });
  });

  // Celery 5.2's client takes about 10 ms for a call whoever answers it; what differs between lines shows in fewer
  const count = python.line === 'newest' ? 10_000 : 1_000;
  it(`answer ${count} calls, each with the right result`, async () => {
    const [report] = await runDriver(python, 'many_calls', [String(count)]);
    expect(report).toMatchObject({ right: count, wrong: [] });
  });

  it('stop on SIGTERM with exit code 0 and leave nothing in their queues', async () => {
    const ends = await Promise.all(workers.map((worker) => worker.stop()));
    expect(ends).toEqual(workers.map(() => ({ code: 0, signal: null })));
    expect(await runDriver(python, 'queue_state', ['counts', ...operations])).toEqual([
      { addition: 0, subtraction: 0, multiplication: 0, division: 0 },
    ]);
  });
});
