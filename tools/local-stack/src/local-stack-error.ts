/**
 * Something this machine lacks or refuses: no broker to use, a port that is taken, a program that ended.
 * The message is one line for the person at the terminal and names the remedy; the cause, if any, is for debugging.
 */
export class LocalStackError extends Error {
  override readonly name = 'LocalStackError';
}
