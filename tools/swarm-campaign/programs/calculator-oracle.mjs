/** What the calculator's tasks do, written here once more: nothing of the product is asked what is right. */
const operations = {
  add: { queue: 'addition', compute: (first, second) => first + second },
  subtract: { queue: 'subtraction', compute: (first, second) => first - second },
  multiply: { queue: 'multiplication', compute: (first, second) => first * second },
  divide: { queue: 'division', compute: (first, second) => (second === 0 ? 'ND' : first / second) },
};

/** A fake task answers with the verb that it stands for. */
const fakes = Object.entries(operations).map(([verb, { queue }]) => {
  return [`fake${verb}`, { queue, run: () => verb }];
});

const reals = Object.entries(operations).map(([verb, { queue, compute }]) => {
  const run = ([{ num_1, num_2 }]) => compute(pythonFloat(num_1), pythonFloat(num_2));
  return [verb, { queue, run }];
});

const tasks = new Map([...reals, ...fakes]);

/** The queues that the calculator's workers consume. */
export const queues = Object.values(operations).map(({ queue }) => queue);

/** @throws when there is no such task */
export function queueOf(task) {
  return taskNamed(task).queue;
}

/**
 * The value that a task must return.
 *
 * @throws when the task or the form of an argument is none that the callers use
 */
export function expectedResult(task, args) {
  return taskNamed(task).run(args);
}

function taskNamed(name) {
  const task = tasks.get(name);
  if (task === undefined) throw new Error(`the calculator has no task ${JSON.stringify(name)}`);
  return task;
}

const decimal = /^[+-]?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** Python's `float()` of a number or a plain decimal text, where JavaScript's `Number` reads the same double. */
function pythonFloat(operand) {
  if (typeof operand === 'number') return operand;
  if (typeof operand === 'string' && decimal.test(operand)) return Number(operand);
  throw new Error(`no rule for the operand ${JSON.stringify(operand)}: a finite number or a decimal text`);
}
