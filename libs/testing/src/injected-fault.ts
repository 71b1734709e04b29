import { FaultTrigger, type FaultPlan } from './frame-fault.ts';
import type { Passage } from './frame-relay.ts';
import type { Direction, ProxiedFrame } from './proxied-frame.ts';

/** A fault that has happened. */
export interface FaultReport {
  /** To which connection of the proxy. */
  readonly connection: number;
  /** How much of the frame or message was forwarded, in bytes. */
  readonly forwardedBytes: number;
}

/** A fault that was injected: what it does to each frame, and whether it has happened. */
export class InjectedFault {
  /** Resolves when it has happened; of a fault of every occurrence, when it has for the first time. */
  readonly done: Promise<FaultReport>;
  readonly #trigger: FaultTrigger;
  readonly #withdraw: (fault: InjectedFault) => void;
  #report: FaultReport | undefined;
  #resolve: (report: FaultReport) => void = () => undefined;

  constructor(plan: FaultPlan, withdraw: (fault: InjectedFault) => void) {
    this.#trigger = new FaultTrigger(plan);
    this.#withdraw = withdraw;
    this.done = new Promise((resolve) => (this.#resolve = resolve));
  }

  /** Undefined until it has happened. */
  get report(): FaultReport | undefined {
    return this.#report;
  }

  /** Ends it, whether or not it has happened. */
  withdraw(): void {
    this.#withdraw(this);
  }

  /**
   * Does to a frame what is planned for it.
   *
   * @param blackhole - begins one, before this frame is forwarded
   */
  apply(frame: ProxiedFrame, passage: Passage, blackhole: (direction: Direction | 'both') => void): Passage {
    const hit = this.#trigger.hit(frame);
    if (hit === undefined || passage.kind !== 'forward') return passage;
    const { fault } = hit.plan;
    const { bytes } = passage;
    const upTo = (index: number): number => Math.min(index - hit.offset, bytes.length);
    switch (fault.kind) {
      case 'cut': {
        const left = upTo(fault.afterBytes);
        if (left < bytes.length || hit.isLast || fault.afterBytes === hit.offset + bytes.length) {
          this.#happened(frame, hit.offset + left);
          return { kind: 'cut', bytes: bytes.subarray(0, left) };
        }
        return passage;
      }
      case 'corrupt': {
        const index = Math.min(fault.byte - hit.offset, hit.isLast ? bytes.length - 1 : fault.byte);
        const old = bytes[index];
        if (old === undefined || index < 0) return passage;
        const corrupted = Buffer.from(bytes);
        corrupted[index] = old ^ 0xff;
        this.#happened(frame, hit.offset + bytes.length);
        return { ...passage, bytes: corrupted };
      }
      case 'delay':
        if (hit.offset > 0) return passage; // it waits behind the method already
        this.#happened(frame, bytes.length);
        return { ...passage, delayMs: passage.delayMs + fault.ms };
      case 'blackhole':
        if (hit.offset > 0) return passage;
        this.#happened(frame, 0);
        blackhole(fault.direction);
        return passage;
    }
  }

  #happened({ connection }: ProxiedFrame, forwardedBytes: number): void {
    if (this.#report !== undefined) return;
    this.#report = { connection, forwardedBytes };
    this.#resolve(this.#report);
    if (this.#trigger.plan.occurrence !== 'every') this.withdraw();
  }
}
