/** Deepest nesting that is read or written: where Python's own readers run out of stack. */
export const maxNesting = 1000;

/** Python refuses ints of more digits; reading them costs the square of their length. */
export const maxIntDigits = 4300;
