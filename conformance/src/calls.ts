import { operations, verbs, type Operation } from './operations.ts';

/** A call of the calculator. Arguments are JSON as Python writes it: `7` and `7.0`, `Infinity` and 2**70 differ. */
export interface Call {
  readonly title: string;
  readonly task: string;
  readonly queue: Operation;
  readonly args: string;
  readonly kwargs: string;
}

function call(title: string, queue: Operation, task: string, args: string, kwargs = '{}'): Call {
  return { title: `${task}: ${title}`, queue, task, args, kwargs };
}

function payload(num1: string, num2: string): string {
  return `[{"num_1": ${num1}, "num_2": ${num2}}]`;
}

/** Operands that `float()` takes or refuses, each in its own way; JSON texts. */
const operands: readonly string[] = [
  ...['0', '1', '-1', '7', '100', '9007199254740993', '1180591620717411303424', `1${'0'.repeat(308)}`],
  ...[`1${'0'.repeat(309)}`, `-1${'0'.repeat(400)}`],
  ...['0.0', '-0.0', '7.0', '0.1', '1e16', '1e22', '1e-05', '5e-324', '1.7976931348623157e308', '1e400'],
  ...['Infinity', '-Infinity', 'NaN', 'true', 'false', 'null', '[]', '[1]', '{}', '{"num_1": 1}'],
  ...[
    '"7"',
    '"-7"',
    '"+7"',
    '"7.5"',
    '".5"',
    '"5."',
    '"."',
    '"1e3"',
    '"1E-2"',
    '"1e"',
    '"1e400"',
    '"-1e-400"',
  ],
  ...[
    '"inf"',
    '"-InFinity"',
    '"+nan"',
    '"-nan"',
    '"infinit"',
    '"nan(1)"',
    '"1_000"',
    '"1__0"',
    '"_1"',
    '"1_"',
  ],
  ...['"1_0.0_1"', '"1_e3"', '"1e1_0"', '"1_.5"', '""', '" "', '" 12 "', '"\\t3\\n"', '"\\u00a05\\u2003"'],
  ...[
    '"\\u00855"',
    '"\\u200b5"',
    '"\\ufeff5"',
    '"\\u001c5"',
    '"1 2"',
    '"1,5"',
    '"0x10"',
    '"0b1"',
    '"1j"',
    '"abc"',
  ],
  ...[
    '"\\uff11\\uff12"',
    '"\\u0663.\\u0665"',
    '"\\ud835\\udfd7"',
    '"\\u00b2"',
    '"\\u2460"',
    '"h\\u00e9"',
    '"\\ud83d\\ude00"',
  ],
  ...[
    '"it\'s"',
    '"say \\"hi\\""',
    '"both \' and \\""',
    '"a\\nb"',
    '"back\\\\slash"',
    '"\\u0000"',
    '"\\u007f"',
    '"\\ud800"',
  ],
  ...['"9007199254740993"', '"0.1000000000000000055511151231257827"', '"2.2250738585072011e-308"'],
];

/** Pairs where the operations differ. */
const pairs: readonly (readonly [string, string])[] = [
  ['7', '2'],
  ['1', '3'],
  ['0.1', '0.2'],
  ['-0.0', '-0.0'],
  ['0', '-5'],
  ['1e308', '1e308'],
  ['1e308', '1e-10'],
  ['1e-200', '1e-200'],
  ['5e-324', '2'],
  ['"inf"', '"-inf"'],
  ['"inf"', '"inf"'],
  ['"inf"', '0'],
  ['-1', '"inf"'],
  ['1', '"nan"'],
  ['1', '0'],
  ['1', '"0"'],
  ['1', '0.0'],
  ['1', '"-0"'],
  ['1', 'false'],
  ['0', '0'],
  ['"nan"', '0'],
  ['"abc"', '0'],
  ['1', '"abc"'],
  ['"bad"', '"worse"'],
];

/** Payloads that are no payload, missing keys, wrong numbers of arguments: arguments and keyword arguments. */
const shapes: readonly (readonly [string, string, string?])[] = [
  ['no num_1', '[{"num_2": 2}]'],
  ['no num_2', '[{"num_1": 2}]'],
  ['bad num_1 and no num_2', '[{"num_1": "abc"}]'],
  ['empty payload', '[{}]'],
  ['extra keys', '[{"num_1": 1, "num_2": 2, "num_3": "x", "__proto__": 4, "constructor": 5}]'],
  ['inherited names are no keys', '[{"__proto__": {"num_1": 1, "num_2": 2}}]'],
  ['payload is a list', '[[1, 2]]'],
  ['payload is null', '[null]'],
  ['payload is a string', '["abc"]'],
  ['payload is an integer', '[7]'],
  ['payload is a float', '[7.5]'],
  ['payload is a boolean', '[true]'],
  ['no argument', '[]'],
  ['two arguments', '[{"num_1": 1, "num_2": 2}, 3]'],
  ['three arguments', '[1, 2, 3]'],
  ['payload by name', '[]', '{"payload": {"num_1": 7, "num_2": 2}}'],
  ['payload twice', '[{"num_1": 1, "num_2": 2}]', '{"payload": {"num_1": 7, "num_2": 2}}'],
  ['unknown name', '[]', '{"other": 1}'],
  ['payload and unknown name', '[{"num_1": 1, "num_2": 2}]', '{"other": 1}'],
  ['unknown name like a property of every object', '[{"num_1": 1, "num_2": 2}]', '{"__proto__": 1}'],
];

/** The calls whose answers are compared: every operand on each side of `add`, and what differs by operation for all. */
export const calls: readonly Call[] = [
  ...operands.map((operand) => call(`num_1 = ${shorten(operand)}`, 'addition', 'add', payload(operand, '1'))),
  ...operands.map((operand) =>
    call(`num_2 = ${shorten(operand)}`, 'division', 'divide', payload('1', operand)),
  ),
  ...operations.flatMap((queue) => {
    const verb = verbs[queue];
    return [
      ...pairs.map(([a, b]) => call(`${a} and ${b}`, queue, verb, payload(a, b))),
      ...shapes.map(([title, args, kwargs]) => call(title, queue, verb, args, kwargs)),
      ...shapes.map(([title, args, kwargs]) => call(title, queue, `fake${verb}`, args, kwargs)),
      call('a task that the worker has not', queue, 'no.such.task', payload('7', '2')),
    ];
  }),
];

/** The line that `drivers/call.py` reads. */
export function callLine({ task, queue, args, kwargs }: Call): string {
  return `{"task": "${task}", "queue": "${queue}", "args": ${args}, "kwargs": ${kwargs}}`;
}

function shorten(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 10)}… (${text.length} characters)`;
}
