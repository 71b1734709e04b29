import { setTimeout as delay } from 'node:timers/promises';

import { exchange, openConnection } from './http-exchange.mjs';

const probeTimeoutMs = 2000;
const intervalMs = 500;

/** Which producers are ready, asked again and again, as a load balancer with health checks does. */
export class ReadyTargets {
  #targets;
  #stop;
  #ready = new Set();
  #turn = 0;

  /** @param stop aborted when nobody asks any more */
  constructor(targets, stop) {
    this.#targets = targets;
    this.#stop = stop;
  }

  /** Resolves once each target was asked for the first time; goes on asking. */
  async start() {
    await Promise.all(this.#targets.map((target) => this.#probe(target)));
    for (const target of this.#targets) void this.#watch(target);
  }

  /** The next ready target in turn; any in turn when none is ready, so that somebody says what is wrong. */
  next() {
    const ready = this.#targets.filter((target) => this.#ready.has(target));
    const candidates = ready.length > 0 ? ready : this.#targets;
    return candidates[this.#turn++ % candidates.length];
  }

  async #watch(target) {
    while (!this.#stop.aborted) {
      await delay(intervalMs, undefined, { signal: this.#stop }).catch(() => undefined);
      if (!this.#stop.aborted) await this.#probe(target);
    }
  }

  async #probe(target) {
    try {
      const socket = await openConnection(target, probeTimeoutMs);
      const request = { target, method: 'GET', path: '/health/ready', timeoutMs: probeTimeoutMs };
      const { status } = await exchange(socket, { ...request, signal: this.#stop });
      if (status === 200) this.#ready.add(target);
      else this.#ready.delete(target);
    } catch {
      this.#ready.delete(target);
    }
  }
}
