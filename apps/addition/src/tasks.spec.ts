import { encodeException, openTaskMessage, writeJson } from '@celeriac/protocol';
import type { OpenedTask } from '@celeriac/protocol';
import { TaskRegistry } from '@celeriac/task-registry';
import { loadVectors } from '@celeriac/testing';

import { tasks } from './tasks.ts';

const registry = new TaskRegistry();
registry.register(tasks);

/** The part of a reply that the task decides, as text: state and result. */
function answer(call: OpenedTask): string {
  const task = registry.get(call.name);
  if (task === undefined) throw new Error(`No task '${call.name}'`);
  const { args, kwargs } = call.readBody();
  try {
    const result = task.run(args, kwargs, () => {
      throw new Error('The calculator has no bound tasks');
    });
    return `"status": "SUCCESS", "result": ${writeJson(task.encodeResult(result))}, "traceback": null`;
  } catch (error) {
    return `"status": "FAILURE", "result": ${writeJson(encodeException(error))}, "traceback": "`;
  }
}

describe.each(['celery-5.2.6', 'celery-main'] as const)('the tasks of addition, beside %s', (version) => {
  const calls = loadVectors('calculator', version).cases.flatMap(({ name, trace = [] }) => {
    const [request, reply] = trace.filter(({ action }) => action === 'publish');
    if (request?.routing_key !== 'addition' || reply?.body_text === undefined) return [];
    const body = Buffer.from(request.body_b64 ?? '', 'base64');
    const properties = { contentType: 'application/json', contentEncoding: 'utf-8' };
    return [
      {
        name,
        call: openTaskMessage({ properties, headers: request.headers ?? {}, body }),
        reply: reply.body_text,
      },
    ];
  });

  it.each(calls)('answer $name as Python does, to the byte', ({ call, reply }) => {
    // the recorded worker's functions have another name, and only there it shows
    expect(reply.replace('make.<locals>.real()', `${call.name}()`)).toContain(answer(call));
  });

  it('were recorded', () => {
    expect(calls.length).toBe(48);
  });
});
