import { Type } from '@sinclair/typebox';

/**
 * The options of a call, by Celery's snake_case names; `readCallOptions` reads them, and a spec holds the two together.
 */
export const callOptionsSchema = Type.Object(
  {
    countdown: Type.Optional(
      Type.Number({ minimum: 0, description: 'Seconds from now before which the task must not run.' }),
    ),
    eta: Type.Optional(
      Type.String({
        description: 'ISO 8601 instant before which the task must not run; UTC where it names no offset.',
      }),
    ),
    expires: Type.Optional(
      Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.String()], {
        description: 'Seconds from now, or the ISO 8601 instant, after which the task must not run.',
      }),
    ),
    priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 255, description: 'AMQP priority.' })),
    task_id: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_][A-Za-z0-9_.:~-]{0,254}$',
        description:
          'Id of the task; a random UUID when it is not given. To retry a call whose fate is unknown, send it again with the same id.',
      }),
    ),
    queue: Type.Optional(
      Type.String({ description: 'Where to send the task, when several queues serve it; see GET /tasks.' }),
    ),
    headers: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'Custom message headers, seen by the task.',
      }),
    ),
    time_limit: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, description: 'Seconds after which a run is ended.' }),
    ),
    soft_time_limit: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, description: 'Seconds after which a run is asked to end.' }),
    ),
    ignore_result: Type.Optional(
      Type.Boolean({ description: 'Whether the result is of no interest to anyone.' }),
    ),
  },
  { additionalProperties: false },
);
