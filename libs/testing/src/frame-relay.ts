import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { FrameSplitter } from './frame-splitter.ts';
import { FrameReader, type Direction, type ProxiedFrame } from './proxied-frame.ts';

/** What becomes of a frame. */
export type Passage =
  /** `delayMs`: everything behind it waits too. */
  | { readonly kind: 'forward'; readonly bytes: Buffer; readonly delayMs: number }
  /** The bytes leave, then both sockets are destroyed. */
  | { readonly kind: 'cut'; readonly bytes: Buffer }
  | { readonly kind: 'swallow' };

export interface FrameRelayOptions {
  readonly connection: number;
  readonly direction: Direction;
  readonly from: Socket;
  readonly to: Socket;
  /** Asked once about each frame, in order. */
  readonly pass: (frame: ProxiedFrame) => Passage;
}

/**
 * Carries one direction of a proxied connection, frame by frame and in order.
 *
 * A frame leaves when it is complete; of one that never is, the part that came leaves with the end of the stream.
 */
export class FrameRelay {
  readonly #options: FrameRelayOptions;
  readonly #splitter = new FrameSplitter();
  readonly #reader: FrameReader;
  /** Frames that wait for a delay or a blackhole to end. */
  readonly #waiting: ProxiedFrame[] = [];
  /** A frame that was on its way when the blackhole began. */
  #stopped: Passage | undefined;
  #isHeld = false;
  #isDelayed = false;
  #isEnded = false;

  constructor(options: FrameRelayOptions) {
    const { connection, direction, from } = options;
    this.#options = options;
    this.#reader = new FrameReader(connection, direction);
    from.on('data', (chunk) => {
      for (const part of this.#splitter.push(chunk)) this.#waiting.push(this.#reader.read(part));
      this.#run();
    });
    from.on('end', () => {
      this.#isEnded = true;
      this.#run();
    });
  }

  get direction(): Direction {
    return this.#options.direction;
  }

  /** Forwards nothing until {@link release}; what comes meanwhile waits, at the latest in the sender's socket. */
  hold(): void {
    this.#isHeld = true;
    this.#options.from.pause();
  }

  release(): void {
    this.#isHeld = false;
    this.#run();
    this.#readOn();
  }

  #run(): void {
    while (!this.#isHeld && !this.#isDelayed) {
      const passage = this.#next();
      if (passage === undefined) {
        if (this.#isEnded) this.#options.to.end(this.#splitter.rest);
        return;
      }
      this.#carry(passage);
    }
  }

  #next(): Passage | undefined {
    const stopped = this.#stopped;
    this.#stopped = undefined;
    if (stopped !== undefined) return stopped;
    const frame = this.#waiting.shift();
    return frame === undefined ? undefined : this.#options.pass(frame);
  }

  #carry(passage: Passage): void {
    if (this.#isHeld) this.#stopped = passage;
    else if (passage.kind === 'cut') this.#cut(passage.bytes);
    else if (passage.kind === 'forward') {
      if (passage.delayMs === 0) this.#write(passage.bytes);
      else void this.#writeLater(passage.bytes, passage.delayMs);
    }
  }

  #write(bytes: Buffer): void {
    const { from, to } = this.#options;
    if (!to.writable || to.write(bytes)) return;
    from.pause();
    to.once('drain', () => {
      this.#readOn();
    });
  }

  #readOn(): void {
    if (!this.#isHeld) this.#options.from.resume();
  }

  async #writeLater(bytes: Buffer, ms: number): Promise<void> {
    this.#isDelayed = true;
    await delay(ms, undefined, { ref: false });
    this.#isDelayed = false;
    this.#write(bytes);
    this.#run();
  }

  #cut(bytes: Buffer): void {
    const { from, to } = this.#options;
    this.#waiting.length = 0;
    this.hold();
    // an end, not a destruction, while bytes are on their way: those have to arrive
    to.end(bytes, () => {
      to.destroy();
      from.destroy();
    });
  }
}
