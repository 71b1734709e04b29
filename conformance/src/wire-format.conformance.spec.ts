import { additionTasks, calculatorHolders } from '@celeriac/calculator';
import { Client } from '@celeriac/client';
import { float } from '@celeriac/protocol';
import { comparable, type CapturedMessage } from './captured-message.ts';
import { closeAfterAll } from './close-after-all.ts';
import { describeWithPython } from './describe-with-python.ts';
import { brokerUrl } from './environment.ts';
import { runDriver } from './python-driver.ts';
import { startTypescriptProducer, type RunningProducer } from './typescript-app.ts';

const PAYLOAD = { num_1: 7, num_2: 2 };
const TASK_ID = '7a5b72ab-03d1-47d9-8a9d-54af7c26bd59';
const QUEUE = 'addition';

describeWithPython(
  'a message of ours, beside the same from Celery',
  (python) => {
    const atEnd = closeAfterAll();
    let client: Client;
    let producer: RunningProducer;

    beforeAll(async () => {
      // nobody consumes: what is published stays to be looked at
      await runDriver(python, 'queue_state', ['delete', QUEUE]);
      client = new Client({ brokerUrl: brokerUrl(), holders: calculatorHolders });
      atEnd(() => client.close());
      [producer] = await Promise.all([startTypescriptProducer(), client.connected()]);
    });

    /** What Celery publishes for this line of `drivers/publish.py`. */
    async function fromCelery(call: string): Promise<CapturedMessage> {
      await runDriver(python, 'publish', [], [call]);
      return captured();
    }

    async function captured(): Promise<CapturedMessage> {
      const [message] = await runDriver<CapturedMessage>(python, 'capture', [QUEUE, '1']);
      if (message === undefined) throw new Error('nothing captured');
      return comparable(message);
    }

    it('is identical for a call by reference, delay', async () => {
      const { id } = await client.tasks(additionTasks).add.delay(PAYLOAD);
      const ours = await captured();
      const call = { way: 'apply_async_tuple', task: 'add', args: [PAYLOAD], options: { task_id: id } };
      const theirs = await fromCelery(JSON.stringify(call));
      expect(ours).toEqual(theirs);
      expect(header(ours, 'argsrepr')).toBe(`"({'num_1': 7, 'num_2': 2},)"`);
    });

    it('is identical for a call by reference, applyAsync', async () => {
      await client.tasks(additionTasks).add.applyAsync([PAYLOAD], { taskId: TASK_ID });
      const ours = await captured();
      const call = { way: 'apply_async', task: 'add', args: [PAYLOAD], options: { task_id: TASK_ID } };
      expect(ours).toEqual(await fromCelery(JSON.stringify(call)));
    });

    it('is identical for keyword arguments', async () => {
      await client.tasks(additionTasks).add.applyAsync([], { taskId: TASK_ID, kwargs: { payload: PAYLOAD } });
      const ours = await captured();
      const call = {
        way: 'apply_async',
        task: 'add',
        kwargs: { payload: PAYLOAD },
        options: { task_id: TASK_ID },
      };
      expect(ours).toEqual(await fromCelery(JSON.stringify(call)));
    });

    it('is identical with countdown, expires, priority, time limits and custom headers', async () => {
      await client.tasks(additionTasks).add.applyAsync([PAYLOAD], {
        taskId: TASK_ID,
        countdown: 1000,
        expires: 5000,
        priority: 5,
        timeLimit: 30,
        softTimeLimit: 20,
        headers: { flag: true, count: 3, text: 'ä', nothing: null, list: [1, 'a'], table: { deep: 2 } },
      });
      const ours = await captured();
      const call = {
        way: 'apply_async',
        task: 'add',
        args: [PAYLOAD],
        options: {
          task_id: TASK_ID,
          countdown: 1000,
          expires: 5000,
          priority: 5,
          time_limit: 30,
          soft_time_limit: 20,
          headers: { flag: true, count: 3, text: 'ä', nothing: null, list: [1, 'a'], table: { deep: 2 } },
        },
      };
      expect(ours).toEqual(await fromCelery(JSON.stringify(call)));
    });

    it('has the same body and arguments for every kind of JSON value', async () => {
      const args = [
        {
          num_1: float(7),
          num_2: 2n ** 70n,
          text: 'ä"\'\\\n\u007f\u{1f600}',
          list: [null, true, 0.1, 1e22, []],
        },
      ];
      await client.sendTask('add', args, {}, { queue: QUEUE, taskId: TASK_ID });
      const ours = await captured();
      const text = '"ä\\"\'\\\\\\n\u007f\u{1f600}"';
      const theirs = await fromCelery(
        `{"way": "send_task", "task": "add", "queue": "${QUEUE}", "options": {"task_id": "${TASK_ID}"}, "args": [{"num_1": 7.0, "num_2": 1180591620717411303424, "text": ${text}, "list": [null, true, 0.1, 1e22, []]}]}`,
      );
      expect(ours.body).toBe(theirs.body);
      expect(header(ours, 'argsrepr')).toBe(header(theirs, 'argsrepr'));
      expect(ours.properties).toEqual(theirs.properties);
    });

    it('is identical for a call that came to the producer over HTTP', async () => {
      const response = await fetch(`${producer.url}/tasks/add`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"args": [{"num_1": 7.0, "num_2": 2}]}',
      });
      const { id } = (await response.json()) as { id: string };
      const ours = await captured();
      const theirs = await fromCelery(
        `{"way": "apply_async", "task": "add", "args": [{"num_1": 7.0, "num_2": 2}], "options": {"task_id": "${id}"}}`,
      );
      expect(ours).toEqual(theirs);
    });
  },
  ['newest'],
);

function header(message: CapturedMessage, name: string): string | undefined {
  return message.headers.find(([header]) => header === name)?.[1];
}
