import { floatRepr } from './float-text.ts';

/** A number that Python shall see as a float even when it is integral: `float(9)` is written `9.0`, never `9`. */
export class PythonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  /** The number, so that arithmetic and comparison work. */
  valueOf(): number {
    return this.value;
  }

  /** The number, for writers that know nothing of Python. */
  toJSON(): number {
    return this.value;
  }

  /** What Python's `str` gives, as in `9.0` and `inf`. */
  toString(): string {
    return floatRepr(this.value);
  }
}

/** Marks `value` as a float: see {@link PythonFloat}. */
export function float(value: number): PythonFloat {
  return new PythonFloat(value);
}
