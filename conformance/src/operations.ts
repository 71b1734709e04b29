/** The workers of the calculator; each has the name of its queue. */
export const operations = ['addition', 'subtraction', 'multiplication', 'division'] as const;
export type Operation = (typeof operations)[number];

/** The task that computes, for each operation; with `fake` before it, the one that answers with this verb. */
export const verbs: Readonly<Record<Operation, string>> = {
  addition: 'add',
  subtraction: 'subtract',
  multiplication: 'multiply',
  division: 'divide',
};
