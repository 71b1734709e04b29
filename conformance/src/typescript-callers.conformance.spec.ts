import {
  additionTasks,
  calculatorHolders,
  divisionTasks,
  multiplicationTasks,
  subtractionTasks,
} from '@celeriac/calculator';
import { Client, RemoteTaskError } from '@celeriac/client';
import { coerceError } from '@celeriac/primitives';
import { parseJson } from '@celeriac/protocol';
import { calls, callLine, type Call } from './calls.ts';
import { closeAfterAll } from './close-after-all.ts';
import { describeWithPython } from './describe-with-python.ts';
import { brokerUrl } from './environment.ts';
import { operations, verbs } from './operations.ts';
import { withoutFunctionName, type Outcome } from './outcome.ts';
import { runDriver } from './python-driver.ts';
import { fromRepr } from './python-value.ts';
import { startPythonWorkers } from './python-worker.ts';
import { startTypescriptProducer, type RunningProducer } from './typescript-app.ts';

/** What each task answers to 7 and 2. */
const expectedResults: Readonly<Record<string, unknown>> = {
  add: 9,
  fakeadd: 'add',
  subtract: 5,
  fakesubtract: 'subtract',
  multiply: 14,
  fakemultiply: 'multiply',
  divide: 3.5,
  fakedivide: 'divide',
};

/** What our client makes of an answer. */
type Answer = { readonly value: unknown } | { readonly error: Error };

describeWithPython('Python workers called by TypeScript', (python) => {
  const atEnd = closeAfterAll();
  let producer: RunningProducer;
  let client: Client;

  beforeAll(async () => {
    client = new Client({ brokerUrl: brokerUrl(), holders: calculatorHolders });
    atEnd(() => client.close());
    [producer] = await Promise.all([
      startTypescriptProducer(),
      startPythonWorkers(python),
      client.connected(),
    ]);
  });

  describe('the client', () => {
    let toPython: readonly Outcome[] = [];
    let toTypescript: readonly Answer[] = [];

    async function answerOf({ task, queue, args, kwargs }: Call): Promise<Answer> {
      const result = await client.sendTask(
        task,
        parseJson(args, { floats: 'keep' }) as unknown[],
        parseJson(kwargs, { floats: 'keep' }) as Record<string, unknown>,
        { queue },
      );
      try {
        return { value: await result.get({ timeoutMs: 20_000 }) };
      } catch (error) {
        return { error: coerceError(error) };
      }
    }

    beforeAll(async () => {
      toPython = await runDriver<Outcome>(python, 'call', [], calls.map(callLine));
      toTypescript = await Promise.all(calls.map(answerOf));
    });

    it.each(calls.map((call, index) => ({ ...call, index })))(
      'hears the same answer as a Python caller to $title',
      ({ index }) => {
        const [heard, expected] = [toTypescript[index], toPython[index]];
        if (heard === undefined || expected === undefined) throw new Error('no answer');
        if (expected.kind === 'value') {
          expect(heard).toEqual({ value: fromRepr(expected) });
          return;
        }
        if (!('error' in heard) || !(heard.error instanceof RemoteTaskError)) {
          throw new Error(`expected ${expected.type}, got ${JSON.stringify(heard)}`);
        }
        const { excType: type, excModule: module, message: text } = heard.error;
        expect(withoutFunctionName({ kind: 'exception', type, module, text, args: expected.args })).toEqual(
          withoutFunctionName(expected),
        );
      },
    );

    it('calls every task by reference', async () => {
      const tasks = {
        ...client.tasks(additionTasks),
        ...client.tasks(subtractionTasks),
        ...client.tasks(multiplicationTasks),
        ...client.tasks(divisionTasks),
      };
      const answers: Record<string, unknown> = {};
      for (const [name, task] of Object.entries(tasks)) {
        const result = await task.delay({ num_1: 7, num_2: 2 });
        answers[name] = await result.get({ timeoutMs: 10_000 });
      }
      expect(answers).toEqual(expectedResults);
    });
  });

  describe('the producer', () => {
    it.each(Object.entries(expectedResults))(
      'answers a call of %s with its result',
      async (task, expected) => {
        const { status, location } = await post(producer.url, task, [{ num_1: 7, num_2: 2 }]);
        expect(status).toBe(202);
        const answer: unknown = await (await fetch(`${producer.url}${location}?wait=10`)).json();
        expect(answer).toMatchObject({ state: 'SUCCESS', result: expected });
      },
    );

    it('shows a Python exception by its type and text', async () => {
      const { location } = await post(producer.url, 'add', [{ num_1: 'abc', num_2: 2 }]);
      const answer: unknown = await (await fetch(`${producer.url}${location}?wait=10`)).json();
      expect(JSON.stringify(answer)).toContain("could not convert string to float: 'abc'");
      expect(answer).toMatchObject({ state: 'FAILURE' });
    });

    it('publishes GET /create_tasks/50 so that Python workers run every task', async () => {
      const before = await totals();
      const response = await fetch(`${producer.url}/create_tasks/50`);
      expect(response.status).toBe(200);
      expect(await response.text()).toBe('Done 50');
      // a good call behind them in each queue: when it is answered, they are done
      for (const queue of operations) {
        const result = await client.sendTask(verbs[queue], [{ num_1: 1, num_2: 1 }], {}, { queue });
        await result.get({ timeoutMs: 20_000 });
      }
      const after = await totals();
      for (const queue of operations) {
        expect((after[queue] ?? 0) - (before[queue] ?? 0)).toBe(51);
      }
    });

    async function totals(): Promise<Readonly<Record<string, number>>> {
      const [report] = await runDriver<Record<string, number>>(python, 'worker_totals');
      if (report === undefined) throw new Error('no totals');
      return report;
    }
  });
});

async function post(
  url: string,
  task: string,
  args: readonly unknown[],
): Promise<{ readonly status: number; readonly location: string }> {
  const response = await fetch(`${url}/tasks/${task}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ args }),
  });
  await response.body?.cancel();
  return { status: response.status, location: response.headers.get('location') ?? '' };
}
