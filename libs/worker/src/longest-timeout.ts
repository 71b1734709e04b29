/** setTimeout takes at most this, in ms; longer waits are taken in steps. */
export const longestTimeoutMs = 2 ** 31 - 1;
