import type { CeleriacStack } from './celeriac-stack.ts';
import type { Lab } from './lab.ts';

/** What a scenario may use. */
export interface ScenarioContext {
  readonly lab: Lab;
  readonly stack: CeleriacStack;
  /** Tags of the images: the deployed one, another good one, and one that cannot start. */
  readonly tags: { readonly current: string; readonly next: string; readonly broken: string };
  /** True for `--full`: larger numbers. */
  readonly isFull: boolean;
}

/** One thing that happens to a deployed stack under load. It ends when the stack is as it should be afterwards. */
export interface Scenario {
  /** For `--only`. */
  readonly key: string;
  /** What happens, in a few words. */
  readonly name: string;
  /** Whether an operator does it, so that nothing at all may be noticed, or it is a fault, which may cost redeliveries. */
  readonly kind: 'planned' | 'fault';
  /** Producers end in it: results that they held for their callers, in memory, go with them. */
  readonly replacesProducers?: true;
  run(context: ScenarioContext): Promise<void>;
}
