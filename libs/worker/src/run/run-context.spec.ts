import { RecordingLogger } from '@celeriac/testing';
import { RunContext } from './run-context.ts';
import { deliveryOfCall, receivedTask, registeredTask } from '../testing/received-task.ts';

const task = registeredTask(() => undefined);

function contextOf(received: ReturnType<typeof receivedTask>) {
  const logger = new RecordingLogger();
  const stop = new AbortController();
  const states: unknown[] = [];
  const context = new RunContext(received, {
    nodeName: 'shop@host',
    logger,
    signal: stop.signal,
    updateState: (state, meta) => states.push([state, meta]),
  });
  return { context, logger, stop, states };
}

describe('RunContext', () => {
  it('tells everything of a call', () => {
    const eta = new Date('2026-11-22T10:00:00Z');
    const call = {
      id: 'an-id',
      args: [1],
      kwargs: { b: 2 },
      eta,
      expires: new Date('2027-01-01T00:00:00Z'),
      retries: 2,
      priority: 7,
      group: 'a-group',
      groupIndex: 3,
      rootId: 'a-root',
      parentId: 'a-parent',
      headers: { tenant: 'acme' },
      ignoreResult: true,
    };
    const delivery = deliveryOfCall({ name: task.name, ...call }, { redelivered: true });
    const { context } = contextOf(receivedTask(task, call, { delivery }));
    expect(context.request).toEqual({
      ...call,
      name: 'work',
      groupId: 'a-group',
      group: undefined,
      priority: undefined,
      timelimit: [null, null],
      shadow: undefined,
      stampedHeaders: [],
      stamps: {},
      replacedTaskNesting: 0,
      correlationId: 'an-id',
      replyTo: 'replies',
      origin: 'spec@host',
      deliveryInfo: { exchange: '', routingKey: 'shop', redelivered: true, priority: 7 },
      hostname: 'shop@host',
    });
  });

  it('tells the defaults of the smallest message', () => {
    const fields = {
      headers: { task: 'work', id: 'an-id' },
      properties: { contentType: 'application/json' },
    };
    const body = Buffer.from('[[], {}, {}]');
    const { context } = contextOf(
      receivedTask(task, {}, { delivery: deliveryOfCall({}, { ...fields, body }) }),
    );
    expect(context.request).toMatchObject({
      id: 'an-id',
      rootId: 'an-id',
      correlationId: 'an-id',
      retries: 0,
      ignoreResult: false,
      headers: {},
      deliveryInfo: { priority: 0, redelivered: false },
    });
    expect(context.request.replyTo).toBeUndefined();
  });

  it('builds each part once', () => {
    const { context } = contextOf(receivedTask(task));
    expect(context.request).toBe(context.request);
    expect(context.logger).toBe(context.logger);
  });

  it.each(['debug', 'info', 'warn', 'error'] as const)('adds the task to a line of level %s', (level) => {
    const { context, logger } = contextOf(receivedTask(task));
    context.logger[level]({ rows: 5 }, 'rows read');
    expect(logger.lines).toEqual([
      { level, message: 'rows read', fields: { taskId: 'an-id', task: 'work', rows: 5 } },
    ]);
  });

  it('hands on the signal that tells when to stop', () => {
    const { context, stop } = contextOf(receivedTask(task));
    expect(context.signal.aborted).toBe(false);
    stop.abort();
    expect(context.signal.aborted).toBe(true);
  });
});
