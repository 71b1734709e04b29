import { calls, callLine } from './calls.ts';
import { closeAfterAll } from './close-after-all.ts';
import { describeWithPython } from './describe-with-python.ts';
import { stopAll, type ManagedProcess } from './managed-process.ts';
import { withoutFunctionName, type Outcome } from './outcome.ts';
import { runDriver } from './python-driver.ts';
import { startPythonWorkers } from './python-worker.ts';
import { startTypescriptWorkers } from './typescript-app.ts';

describeWithPython('a Python caller', (python) => {
  closeAfterAll();
  let fromPython: readonly Outcome[] = [];
  let fromTypescript: readonly Outcome[] = [];

  async function answersOf(workers: readonly ManagedProcess[]): Promise<readonly Outcome[]> {
    const answers = await runDriver<Outcome>(python, 'call', [], calls.map(callLine));
    await stopAll(workers);
    return answers;
  }

  beforeAll(async () => {
    // the same queues, one side after the other
    fromPython = await answersOf(await startPythonWorkers(python));
    fromTypescript = await answersOf(await startTypescriptWorkers());
  });

  it('gets an answer to every call from either side', () => {
    expect(fromPython).toHaveLength(calls.length);
    expect(fromTypescript).toHaveLength(calls.length);
  });

  it('gets values and failures of every kind', () => {
    const kinds = new Set(fromPython.map((outcome) => outcome.type));
    const expected = [
      'float',
      'str',
      'ValueError',
      'TypeError',
      'KeyError',
      'OverflowError',
      'NotRegistered',
    ];
    expect([...kinds].sort()).toEqual(expected.sort());
  });

  it.each(calls.map((call, index) => ({ ...call, index })))(
    'cannot tell a TypeScript worker from a Python one by $title',
    ({ index }) => {
      const [ours, theirs] = [fromTypescript[index], fromPython[index]];
      if (ours === undefined || theirs === undefined) throw new Error('no answer');
      expect(withoutFunctionName(ours)).toEqual(withoutFunctionName(theirs));
    },
  );
});
