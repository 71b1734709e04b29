import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { hostileReturns, hostileThrows } from '../testing/hostile-values.ts';
import { RunFixture, type RunFixtureOptions } from '../testing/run-fixture.ts';

/** What became of a task: what its caller is told, and how its message is settled. */
async function endOf(
  run: () => unknown,
  options: RunFixtureOptions = {},
): Promise<{ readonly states: string[]; readonly settlement: string | undefined; readonly lines: string[] }> {
  const { runner, store, received, active, logger } = new RunFixture(run, options);
  const task = received();
  await runner.execute(task);
  for (let turn = 0; turn < 5; turn++) await nextTurn(); // outcomes that others follow
  store.confirmAll();
  await nextTurn();
  expect(active.size).toBe(0);
  return {
    states: store.results.map(({ status }) => status),
    settlement: task.delivery.settlement,
    lines: logger.lines.map(({ message }) => message),
  };
}

const failure = { states: ['FAILURE'], settlement: 'ack', lines: ['task failed'] };
const endings = {
  FAILURE: failure,
  SUCCESS: { states: ['SUCCESS'], settlement: 'ack', lines: [] },
};

class Unreliable extends Error {
  static override [Symbol.hasInstance](): boolean {
    throw new Error('a trap');
  }
}

describe('a task that throws', () => {
  describe.each(Object.entries(hostileThrows))('%s', (_name, make) => {
    it('at once fails, and is settled', async () => {
      const end = await endOf(() => {
        throw make(); // eslint-disable-line @typescript-eslint/only-throw-error -- tasks throw what they like
      });
      expect(end).toEqual(failure);
    });

    it('later fails, and is settled', async () => {
      const end = await endOf(async () => {
        await nextTurn();
        throw make(); // eslint-disable-line @typescript-eslint/only-throw-error -- tasks throw what they like
      });
      expect(end).toEqual(failure);
    });

    it('fails under options that ask for its class', async () => {
      const options = { throws: [Unreliable], autoretryFor: [Unreliable], dontAutoretryFor: [Unreliable] };
      const end = await endOf(
        () => {
          throw make(); // eslint-disable-line @typescript-eslint/only-throw-error -- tasks throw what they like
        },
        { options },
      );
      expect(end).toEqual(failure);
    });
  });
});

describe('a task that returns', () => {
  it.each(Object.entries(hostileReturns))('%s ends once, and is settled', async (_name, [status, make]) => {
    expect(await endOf(make)).toEqual(endings[status]);
  });

  it.each(Object.entries(hostileReturns))(
    '%s later ends once, and is settled',
    async (_name, [status, make]) => {
      const end = await endOf(async () => {
        await nextTurn();
        return make();
      });
      expect(end).toEqual(endings[status]);
    },
  );

  it('a promise whose `then` calls back at once frees its place', async () => {
    const promise = Object.assign(Promise.resolve('true'), {
      then: (resolve: (value: unknown) => void) => {
        resolve('of its own');
      },
    });
    expect(await endOf(() => promise)).toEqual(endings.SUCCESS);
  });
});

describe('a task with values of any kind', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
  });

  it('fails once with whatever it throws', async () => {
    await fc.assert(
      fc.asyncProperty(anything, async (thrown) => {
        expect(
          await endOf(() => {
            throw thrown;
          }),
        ).toEqual(failure);
      }),
      { numRuns: 200 },
    );
  });

  it('ends once with whatever it returns', async () => {
    await fc.assert(
      fc.asyncProperty(anything, async (returned) => {
        const { states, settlement } = await endOf(() => returned);
        expect([states.length, settlement]).toEqual([1, 'ack']);
      }),
      { numRuns: 200 },
    );
  });
});
