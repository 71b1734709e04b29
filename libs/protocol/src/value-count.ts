import { DecodeError } from './protocol-error.ts';

/** About what a value takes in memory beside its text, in bytes: an empty object with its place in an array takes 67. */
const bytesPerValue = 64;

/**
 * Counts the values of a body while it is read and ends the reading with the one that is too many. Each array, object,
 * key and scalar is one: `[]` is three bytes with its comma, and takes forty in memory.
 */
export class ValueCount {
  values = 0;
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** @throws DecodeError with reason `too-many-values` */
  add(values: number): void {
    this.values += values;
    if (this.values > this.#max) {
      throw new DecodeError(
        `the body has more than ${this.#max} values: send fewer in one message, or raise the limit`,
        { reason: 'too-many-values' },
      );
    }
  }

  /** How many more there may be. */
  get rest(): number {
    return this.#max - this.values;
  }

  /** About what the values take in memory, when their text takes so much. */
  bytesWith(textBytes: number): number {
    return textBytes + this.values * bytesPerValue;
  }
}
