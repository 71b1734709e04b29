import { defineHolder, defineTask, implement, plainTask } from '@celeriac/task-registry';
import { Type } from '@sinclair/typebox';

const queue = process.env['SPEC_QUEUE'] ?? 'celeriac-spec-calculator'; // eslint-disable-line no-restricted-properties -- a queue for each run of the spec

/** What the worker of the integration spec serves. */
export const tasks = implement(
  defineHolder(queue, {
    add: defineTask({
      parameters: [
        ['a', Type.Number()],
        ['b', Type.Number()],
      ],
      result: Type.Number(),
    }),
    fail: plainTask(),
  }),
  {
    add: (a, b) => a + b,
    fail: () => {
      throw new Error('as it should');
    },
  },
);
