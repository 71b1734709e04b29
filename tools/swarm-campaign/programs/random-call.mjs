import { randomUUID } from 'node:crypto';

const tasks = [
  'add',
  'fakeadd',
  'subtract',
  'fakesubtract',
  'multiply',
  'fakemultiply',
  'divide',
  'fakedivide',
];

/** A call of one of the calculator's tasks, with an id of its own. */
export function randomCall() {
  return { id: randomUUID(), task: oneOf(tasks), args: [{ num_1: randomOperand(), num_2: randomOperand() }] };
}

/** Every form that a client may give a number in; zero often enough for divisions by it. */
function randomOperand() {
  const integer = Math.floor(Math.random() * 2001) - 1000;
  const decimal = integer + Math.floor(Math.random() * 1000) / 1000;
  return oneOf([integer, decimal, String(integer), String(decimal), `${integer}e-2`, oneOf([0, '0', '0.0'])]);
}

function oneOf(choices) {
  return choices[Math.floor(Math.random() * choices.length)];
}
