import { Ajv2020 } from 'ajv/dist/2020.js';

import { callOptionsSchema } from './call-options-schema.ts';
import { readCallOptions } from './call-options.ts';

const limits = { nowMs: Date.UTC(2026, 10, 22, 12), queues: ['addition'] };

/** Values at and beyond every border that the schema can express. */
const samples: readonly (readonly [string, readonly unknown[]])[] = [
  ['countdown', [0, 1.5, 1e9, -0.001, '1', null, true, [], {}]],
  ['eta', ['2030-01-31T08:00:00Z', 5, null, true, [], {}]],
  ['expires', ['2030-01-31T08:00:00Z', 0.5, 0, -1, null, true, [], {}]],
  ['priority', [0, 255, 256, -1, 1.5, '1', null, true]],
  ['task_id', ['a', '_', 'a'.repeat(255), 'a'.repeat(256), '', '-a', 'a/b', 'a b', 'a\n', 'é', 7, null]],
  ['queue', ['addition', 7, null, [], {}]],
  ['headers', [{}, { a: [1] }, [], 'x', null, 7]],
  ['time_limit', [0.5, 0, -1, '1', null]],
  ['soft_time_limit', [0.5, 0, -1, '1', null]],
  ['ignore_result', [true, false, 0, 'true', null]],
  ['retries', [0]],
];

describe('readCallOptions', () => {
  const validate = new Ajv2020({ strict: false }).compile(callOptionsSchema);

  it.each(samples.flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
    'agrees with its schema about %s: %p',
    (name, value) => {
      const options = { [name]: value };

      expect(readCallOptions(options, limits).problems.length === 0).toBe(validate(options));
    },
  );

  it('has samples of every option', () => {
    const names = Object.keys(callOptionsSchema.properties);

    expect(samples.map(([name]) => name)).toEqual([...names, 'retries']);
  });
});
