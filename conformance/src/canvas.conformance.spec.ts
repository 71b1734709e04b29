import { canvasQueues, type CanvasLanguage } from './canvas-queues.ts';
import { closeAfterAll } from './close-after-all.ts';
import { describeWithPython } from './describe-with-python.ts';
import type { Outcome } from './outcome.ts';
import { runDriver } from './python-driver.ts';
import { startPythonWorker } from './python-worker.ts';
import { startOwnWorker } from './typescript-app.ts';

/** A line of `drivers/canvas.py`. */
interface Composition {
  readonly name: string;
  readonly outcomes: readonly Outcome[];
  readonly shape: unknown;
}

function values({ outcomes }: Composition): string[] {
  return outcomes.map((outcome) =>
    outcome.kind === 'value' ? outcome.repr : `${outcome.type}: ${outcome.text}`,
  );
}

describeWithPython('tasks that are composed in Python', (python) => {
  closeAfterAll();
  let allPython: readonly Composition[] = [];

  function compose(...languages: [CanvasLanguage, CanvasLanguage, CanvasLanguage]) {
    return runDriver<Composition>(python, 'canvas', languages);
  }

  beforeAll(async () => {
    await Promise.all([
      startPythonWorker(python, 'canvas.worker', canvasQueues.py),
      startOwnWorker('canvas-worker'),
    ]);
    allPython = await compose('py', 'py', 'py');
  });

  it('are what they are meant to be where Python runs them all', () => {
    expect(
      Object.fromEntries(allPython.map((composition) => [composition.name, values(composition)])),
    ).toEqual({
      chain: ['5.0', '20.0', '30.0'],
      'chain with an immutable step': ['5.0', '42.0', '52.0'],
      'chain of values of all kinds': ["[[[1180591620717411303424, None], 'é'], None]"],
      'chain whose first step fails': ['ValueError: bad', 'ValueError: bad', 'ValueError: bad'],
      'chain whose second step fails': ['5.0', 'ValueError: bad', 'ValueError: bad'],
      'chain that ends in a group': ['5.0', '10.0', '10.0', '10.0'],
      'group of ten': ['0.5', '1.5', '2.5', '3.5', '4.5', '5.5', '6.5', '7.5', '8.5', '9.5'],
      callback: ['5.0', '50.0'],
      'two callbacks': ['5.0', '50.0', "['imm', None]"],
      'callback that is a chain': ['5.0', '11.0'],
      errback: ['ValueError: bad', "'noted failed'"],
      'errback of a step': ['5.0', 'ValueError: bad', 'ValueError: bad', "'noted failed step'"],
    });
  });

  it.each<[CanvasLanguage, CanvasLanguage, CanvasLanguage]>([
    ['ts', 'ts', 'ts'],
    ['ts', 'py', 'ts'],
    ['py', 'ts', 'py'],
    ['ts', 'ts', 'py'],
  ])(
    'come to the same, with the same parents and children, with workers %s, %s, %s',
    async (...languages) => {
      expect(await compose(...languages)).toEqual(allPython);
    },
  );
});
