import { coerceError } from '@celeriac/primitives';
import type { FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';

import type { ByteBudget, Holder } from './byte-budget.ts';
import { overloaded, ProblemError } from './problem.ts';
import { whenRequestEnds } from './request-end.ts';

/** Bodies above this are refused with 413. */
export const maxBodyBytes = 1024 * 1024;

/** What is held for a body before any of it has come. */
const firstBytes = 4096;

/** What values take beside their text, about: a place in a container for each comma, and the container itself. */
const bytesOfPlace = 24;
const bytesOfContainer = 56;

type Done = (error: Error | null, bytes?: Buffer) => void;

/**
 * Reads the body of a request into one buffer, against the budget that all bodies share.
 *
 * Pieces are copied as they come: a body of 1 MiB in pieces of one byte holds 1 MiB and not a million buffers. The budget
 * counts a body until its request has ended, because its values live as long. While it comes it may have to give way.
 */
export function readBody(request: FastifyRequest, payload: Readable, budget: ByteBudget, done: Done): void {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxBodyBytes) {
    done(tooLarge());
    return;
  }
  new BodyReading(request, payload, budget, done).begin(Math.min(announced, firstBytes));
}

class BodyReading {
  readonly #request: FastifyRequest;
  readonly #payload: Readable;
  readonly #budget: ByteBudget;
  readonly #done: Done;
  readonly #holder: Holder = {
    giveWay: () => {
      this.#end(overloaded('too many bodies of requests are under way'));
    },
  };
  #buffer = Buffer.alloc(0);
  #length = 0;

  constructor(request: FastifyRequest, payload: Readable, budget: ByteBudget, done: Done) {
    this.#request = request;
    this.#payload = payload;
    this.#budget = budget;
    this.#done = done;
  }

  begin(bytes: number): void {
    whenRequestEnds(this.#request.raw, () => {
      this.#budget.release(this.#holder);
    });
    if (!this.#grow(bytes)) return;
    this.#payload.on('data', this.#take);
    this.#payload.on('end', this.#complete);
    this.#payload.on('error', this.#fail);
    this.#payload.resume();
  }

  readonly #take = (chunk: Buffer): void => {
    const length = this.#length + chunk.length;
    if (length > maxBodyBytes) {
      this.#end(tooLarge());
      return;
    }
    if (length > this.#buffer.length && !this.#grow(Math.max(length, 2 * this.#buffer.length, firstBytes)))
      return;
    chunk.copy(this.#buffer, this.#length);
    this.#length = length;
  };

  #grow(wanted: number): boolean {
    const size = Math.min(wanted, maxBodyBytes);
    if (!this.#budget.hold(this.#holder, size - this.#buffer.length)) {
      this.#end(overloaded('too many bodies of requests are under way'));
      return false;
    }
    const larger = Buffer.allocUnsafeSlow(size);
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
    return true;
  }

  readonly #complete = (): void => {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#holder.giveWay = undefined; // from here on it is a call, which is not given up
    if (this.#budget.hold(this.#holder, bytesOfValues(bytes))) this.#end(null, bytes);
    else this.#end(overloaded('too many calls are under way'));
  };

  readonly #fail = (caught: unknown): void => {
    const { message } = coerceError(caught);
    this.#end(new ProblemError('bad-request', `The body did not arrive as a whole: ${message}.`));
  };

  #end(error: Error | null, bytes?: Buffer): void {
    this.#payload.off('data', this.#take);
    this.#payload.off('end', this.#complete);
    this.#payload.off('error', this.#fail);
    this.#buffer = Buffer.alloc(0);
    if (error !== null) this.#budget.release(this.#holder);
    this.#done(error, bytes);
  }
}

/** About what the values of a JSON text take in memory: `[],` is 3 bytes of text. Commas and brackets in strings count too. */
function bytesOfValues(text: Buffer): number {
  let bytes = 0;
  // eslint-disable-next-line @typescript-eslint/prefer-for-of -- an iterator of a Buffer takes several times as long
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === 0x2c) bytes += bytesOfPlace;
    else if (character === 0x5b || character === 0x7b) bytes += bytesOfContainer;
  }
  return bytes;
}

function tooLarge(): ProblemError {
  return new ProblemError(
    'body-too-large',
    `The body must be at most ${maxBodyBytes} bytes; send large data another way, and where it is as the argument.`,
  );
}
