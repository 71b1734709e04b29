/** What the model knows of a set-up. */
export interface Load {
  /** Tasks that can run at a time: replicas × concurrency. */
  readonly slots: number;
  /** Mean time that one task takes, in seconds. */
  readonly taskSeconds: number;
}

/** What the model is fitted by. */
export interface ModelParameters {
  /** Time that a slot loses with each task, in seconds: from the end of a task to the start of the next one. */
  readonly overheadSeconds: number;
  /** Tasks per second beyond which more slots give nothing. */
  readonly cap: number;
  /** How sharp the bend is between the two: 1 is a slow one, ∞ none of the slots is felt before the cap. */
  readonly sharpness: number;
}

/** Tasks per second of slots that nothing holds up. */
export function demand({ slots, taskSeconds }: Load, { overheadSeconds }: ModelParameters): number {
  return slots / (taskSeconds + overheadSeconds);
}

/**
 * Tasks per second: `(D^-p + C^-p)^(-1/p)` of demand D, cap C and sharpness p. It is D while that is far below C, and C
 * when D is far above it: the two bounds that hold for any closed system.
 */
export function throughput(load: Load, parameters: ModelParameters): number {
  const { cap, sharpness } = parameters;
  const wanted = demand(load, parameters);
  const [less, more] = wanted < cap ? [wanted, cap] : [cap, wanted];
  // the same with the smaller one taken out, as a high power of either would overflow
  return less * (1 + (less / more) ** sharpness) ** (-1 / sharpness);
}

/** Slots at which the demand is the cap: more of them wait for the queue rather than for their tasks. */
export function slotsAtCap(taskSeconds: number, { cap, overheadSeconds }: ModelParameters): number {
  return cap * (taskSeconds + overheadSeconds);
}
