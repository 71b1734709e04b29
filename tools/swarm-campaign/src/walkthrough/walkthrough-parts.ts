import type { WalkthroughStep } from './walkthrough-steps.ts';

/** The parts of the walk-through that are run on their own, and the headings of the README that each takes in. */
export const walkthroughParts = {
  /** Builds the images and gives them to the registry. */
  images: ['Images'],
  /** From engines without a swarm to the first answered calculation. */
  deploy: ['A swarm', 'The first answer'],
  /** What is done to a stack that runs, up to its removal. Begins with what `deploy` has left. */
  operate: ['Scale', 'Watch', 'Update and roll back', 'Take a host out', 'Remove'],
  /** Three brokers, on the swarm that `operate` has left; removed at the end. */
  cluster: ['Three brokers'],
  /** Compose on one machine; removed at the end. */
  compose: ['One machine'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type WalkthroughPart = keyof typeof walkthroughParts;

/**
 * The steps of one part.
 *
 * @throws Error when a step of the README is in no part, or the part has none: a heading has changed
 */
export function stepsOf(
  part: WalkthroughPart,
  steps: readonly WalkthroughStep[],
): readonly WalkthroughStep[] {
  const known: readonly string[] = Object.values(walkthroughParts).flat();
  const stray = steps.find(({ heading }) => !known.includes(heading));
  if (stray !== undefined) {
    throw new Error(`README.md:${stray.line}: "${stray.heading}" is in no part of walkthrough-parts.ts`);
  }
  for (const heading of walkthroughParts[part]) {
    if (steps.every((step) => step.heading !== heading)) {
      throw new Error(`the README's walk-through has no commands below "### ${heading}"`);
    }
  }
  const own: readonly string[] = walkthroughParts[part];
  return steps.filter(({ heading }) => own.includes(heading));
}
