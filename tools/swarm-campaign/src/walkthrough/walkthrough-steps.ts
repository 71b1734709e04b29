/** A block of commands of the README's walk-through, and what it prints there. */
export interface WalkthroughStep {
  /** The heading of level 3 above it. */
  readonly heading: string;
  /** Line of the README on which the block begins, counted from 1. */
  readonly line: number;
  /** The host that the first line of the block names, as in `# on node-2`; undefined is a manager. */
  readonly host: string | undefined;
  /** The block, without the line that names the host. */
  readonly script: string;
  /** The block of text that follows it; undefined where the README shows no output. */
  readonly expected: string | undefined;
}

/** The heading of the README's walk-through. */
export const walkthroughHeading = 'On Docker Swarm';

const hostLine = /^# on (node-[1-9])\n/;
const openingFence = /^```(\w*)$/;

/**
 * The steps of the walk-through in their order.
 *
 * @throws Error when the page has no walk-through, or a step that cannot be run: before the first heading of level 3, or
 *   output that follows no commands
 */
export function walkthroughSteps(readme: string): readonly WalkthroughStep[] {
  const steps: WalkthroughStep[] = [];
  let isWithin = false;
  let heading: string | undefined;
  let block: { language: string; line: number; code: string } | undefined;
  let isBelowCommands = false;
  for (const [index, text] of readme.split('\n').entries()) {
    if (block !== undefined) {
      if (text !== '```') block.code += `${text}\n`;
      else {
        if (isWithin) isBelowCommands = addBlock(steps, block, heading, isBelowCommands);
        block = undefined;
      }
      continue;
    }
    const language = openingFence.exec(text)?.[1];
    if (language !== undefined) block = { language, line: index + 1, code: '' };
    else if (text.startsWith('## ')) {
      isWithin = text === `## ${walkthroughHeading}`;
      heading = undefined;
    } else if (text.startsWith('### ')) {
      heading = text.slice('### '.length);
      isBelowCommands = false;
    }
  }
  if (steps.length === 0) throw new Error(`the README has no commands below "## ${walkthroughHeading}"`);
  return steps;
}

/** @returns whether the block was one of commands, below which their output may stand */
function addBlock(
  steps: WalkthroughStep[],
  { language, line, code }: { readonly language: string; readonly line: number; readonly code: string },
  heading: string | undefined,
  isBelowCommands: boolean,
): boolean {
  if (language === 'sh') {
    if (heading === undefined) throw new Error(`README.md:${line}: commands without a heading of level 3`);
    const host = hostLine.exec(code)?.[1];
    steps.push({ heading, line, host, script: code.replace(hostLine, ''), expected: undefined });
    return true;
  }
  const commands = steps.pop();
  if (language !== 'text' || !isBelowCommands || commands === undefined) {
    throw new Error(
      `README.md:${line}: the walk-through has commands (sh) and their output (text) below them`,
    );
  }
  steps.push({ ...commands, expected: code });
  return false;
}
