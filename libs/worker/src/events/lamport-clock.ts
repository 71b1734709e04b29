/**
 * The logical clock of a worker: what its events carry, so that receivers can order what different machines tell.
 *
 * Source: Celery 5.7.0, celery/app/base.py `Celery.clock`; kombu 5.6.2, kombu/clocks.py `LamportClock`. That of remote
 * control is another.
 */
export class LamportClock {
  #value = 0;

  /** One on; the first event has 1. */
  forward(): number {
    this.#value++;
    return this.#value;
  }
}
