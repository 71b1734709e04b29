/** What a Python caller sees of a call; `drivers/outcome.py` writes it. */
export type Outcome = ValueOutcome | ExceptionOutcome;

export interface ValueOutcome {
  readonly kind: 'value';
  /** `type(value).__name__`: float, str. */
  readonly type: string;
  readonly repr: string;
}

export interface ExceptionOutcome {
  readonly kind: 'exception';
  readonly type: string;
  readonly module: string;
  /** `repr(exc.args)`. */
  readonly args: string;
  /** `str(exc)`. */
  readonly text: string;
}

/**
 * The outcome without the name of the function that a wrong number of arguments was given to: `Add.run()` in Python,
 * `add()` in TypeScript, as every implementation names its own.
 */
export function withoutFunctionName(outcome: Outcome): Outcome {
  if (outcome.kind === 'value' || outcome.type !== 'TypeError') return outcome;
  const { args, text } = outcome;
  return {
    ...outcome,
    text: text.replace(functionName, '()'),
    args: args.replace(functionNameInArgs, '$1()'),
  };
}

const functionName = /^[\w.<>]+\(\)(?= (?:missing|takes|got) )/;
const functionNameInArgs = /^(\(['"])[\w.<>]+\(\)(?= (?:missing|takes|got) )/;
