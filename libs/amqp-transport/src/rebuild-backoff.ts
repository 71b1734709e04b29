import { backoffMs } from '@celeriac/primitives';

/** A channel or connection that is lost sooner than this after it opened is not opened again at once, in ms. */
export const shortLivedMs = 1000;

/**
 * How long to wait before something that was lost is opened again: not at all once it has lived for a while, and longer
 * each time that it has not. What is opened only to be closed must not be opened in a tight loop.
 */
export class RebuildBackoff {
  #shortLives = 0;

  /** @param openedAt when it had opened, in ms of `performance.now()` */
  delayMs(openedAt: number): number {
    if (performance.now() - openedAt >= shortLivedMs) {
      this.#shortLives = 0;
      return 0;
    }
    return backoffMs(this.#shortLives++);
  }
}
