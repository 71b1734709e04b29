import { defineHolder, defineTask, plainTask } from '@celeriac/task-registry';
import { Type } from '@sinclair/typebox';

/** Tasks for specs: one of each kind of declaration. */
export const mathTasks = defineHolder('math', {
  add: defineTask({
    parameters: [
      ['x', Type.Number()],
      ['y', Type.Number()],
      ['precision', Type.Optional(Type.Integer())],
    ],
    result: Type.Number(),
    name: 'math.add',
  }),
  greet: defineTask({
    parameters: [['name', Type.String()]],
    result: Type.String(),
  }),
  anything: plainTask(),
});
