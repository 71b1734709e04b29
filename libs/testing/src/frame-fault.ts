import type { Direction, ProxiedFrame } from './proxied-frame.ts';

/** Which frames a fault is about: those that have all of what is given here. */
export interface FrameMatch extends Partial<
  Pick<ProxiedFrame, 'direction' | 'method' | 'queue' | 'exchange' | 'routingKey' | 'connection' | 'channel'>
> {
  /** One frame of a message. Without it a fault takes the method with its content header and bodies as one. */
  readonly part?: ProxiedFrame['part'] | undefined;
}

/** What happens to a frame, or a message, that matches. */
export type FrameFault =
  /** Forwards so many bytes of it (all, when it is shorter), then destroys the sockets of both sides. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** It leaves so many ms later, and everything behind it on that connection after it. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** From it on nothing goes through, see `FaultProxy.blackhole`. */
  | { readonly kind: 'blackhole'; readonly direction: Direction | 'both' }
  /** Inverts the bits of one byte, counted from 0 on; of the last byte, when it is shorter. */
  | { readonly kind: 'corrupt'; readonly byte: number };

/** A fault that waits for its frame. */
export interface FaultPlan {
  readonly on: FrameMatch;
  /** The how-manieth match, from 1 on and from now on; `every` for all of them, until `withdraw()`. Default 1. */
  readonly occurrence?: number | 'every';
  readonly fault: FrameFault;
}

/** What is to be done with the frame at hand. */
export interface FaultHit {
  readonly plan: FaultPlan;
  /** The first byte of the frame in the message, or the frame, that the plan is about. */
  readonly offset: number;
  /** The frame ends what the plan is about. */
  readonly isLast: boolean;
}

/** Finds the frames that a plan is about; one plan serves all connections of a proxy. */
export class FaultTrigger {
  readonly plan: FaultPlan;
  #matches = 0;
  /** Bytes so far of each message that the plan is about, while its frames come. */
  readonly #messages = new Map<string, number>();

  constructor(plan: FaultPlan) {
    this.plan = plan;
  }

  /** Undefined for a frame that the plan is not about. Each frame is to be shown once, in order. */
  hit(frame: ProxiedFrame): FaultHit | undefined {
    const { plan } = this;
    const lane = `${String(frame.connection)} ${frame.direction} ${String(frame.channel)}`;
    const offset = this.#messages.get(lane);
    if (offset !== undefined && frame.part !== 'method') return this.#hit(lane, frame, offset);
    const isOneFrame = plan.on.part !== undefined;
    if (!matches(frame, plan.on) || (!isOneFrame && frame.part !== 'method')) return undefined;
    this.#matches++;
    const { occurrence = 1 } = plan;
    if (occurrence !== 'every' && this.#matches !== occurrence) return undefined;
    return isOneFrame ? { plan, offset: 0, isLast: true } : this.#hit(lane, frame, 0);
  }

  #hit(lane: string, { bytes, isLast }: ProxiedFrame, offset: number): FaultHit {
    if (isLast) this.#messages.delete(lane);
    else this.#messages.set(lane, offset + bytes.length);
    return { plan: this.plan, offset, isLast };
  }
}

function matches(frame: ProxiedFrame, match: FrameMatch): boolean {
  return Object.entries(match).every(
    ([field, value]) => value === undefined || frame[field as keyof FrameMatch] === value,
  );
}
