import { openTaskMessage, writeJson } from '@celeriac/protocol';
import { checkArguments, encodeArguments, jsonSchemaOf } from '@celeriac/task-registry';
import type { AnyTaskDeclaration } from '@celeriac/task-registry';
import { loadVectors } from '@celeriac/testing';

import { additionTasks, calculatorHolders, divisionTasks } from './calculator-holders.ts';

const { add } = additionTasks.declarations;

describe('calculatorHolders', () => {
  it('has the queues and tasks of the calculator', () => {
    expect(calculatorHolders.map(({ queue, tasks }) => [queue, Object.keys(tasks)])).toEqual([
      ['addition', ['add', 'fakeadd']],
      ['subtraction', ['subtract', 'fakesubtract']],
      ['multiplication', ['multiply', 'fakemultiply']],
      ['division', ['divide', 'fakedivide']],
    ]);
  });

  describe.each(['celery-5.2.6', 'celery-main'] as const)('beside %s', (version) => {
    const { cases } = loadVectors('calculator', version);

    it.each(calculatorHolders)(
      'publishes to $queue what Python publishes to it',
      ({ queue, declarations }) => {
        const published = cases.find(({ name }) => name === `publish_${queue}`);
        const message = published?.trace?.find(({ action }) => action === 'publish');
        const task = openTaskMessage({
          properties: { contentType: 'application/json', contentEncoding: 'utf-8' },
          headers: message?.headers ?? {},
          body: Buffer.from(message?.body_b64 ?? '', 'base64'),
        });
        const [name, declaration] =
          Object.entries<AnyTaskDeclaration>(declarations)[0] ?? fail('a holder without tasks');
        const { args, kwargs } = task.readBody();

        expect(message).toMatchObject({ exchange: '', routing_key: queue });
        expect(task.name).toBe(name);
        expect(checkArguments(declaration, args, kwargs)).toEqual([]);
        expect(writeJson(encodeArguments(declaration, args).args)).toBe('[{"num_1": 7, "num_2": 2}]');
      },
    );
  });

  it.each([
    [[{ num_1: 7.5, num_2: '1_000' }]],
    [[{ num_1: true, num_2: 'no number: for the worker to say', more: null }]],
    [[{ num_1: 2n ** 70n, num_2: Infinity }]],
  ])('lets a caller send %p', (args) => {
    expect(checkArguments(add, args)).toEqual([]);
  });

  it.each([
    [[{ num_1: null, num_2: 1 }], '/args/0/num_1', 'must be a number, a string or a boolean, got null'],
    [[{ num_1: 1 }], '/args/0/num_2', 'is required'],
    [[[1, 2]], '/args/0', 'must be an object, got an array'],
    [[], '/args/0', "is required: parameter 'payload'"],
    [[{ num_1: 1, num_2: 2 }, 3], '/args/1', 'takes 1 positional argument but 2 were given'],
  ])('refuses %j', (args, path, message) => {
    expect(checkArguments(add, args)).toEqual([{ path, message }]);
  });

  it('tells callers what division by zero gives', () => {
    expect(jsonSchemaOf(divisionTasks.declarations.divide).result).toEqual({
      anyOf: [{ type: 'number' }, { type: 'string', const: 'ND' }],
    });
  });
});

function fail(text: string): never {
  throw new Error(text);
}
