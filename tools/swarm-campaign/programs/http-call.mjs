import { setTimeout as delay } from 'node:timers/promises';

import { exchange, openConnection } from './http-exchange.mjs';

const connectTimeoutMs = 2000;
const publishTimeoutMs = 15_000;
const answerWaitSeconds = 10;
/** A call is sent again and again this long, and its answer asked for this long after it was taken. */
const submitForMs = 120_000;
const answerWithinMs = 30_000;

/** Kinds of problem documents after which the producer surely published nothing. */
const notPublished = ['broker-unavailable', 'publish-queue-full', 'unroutable'];

/** One call of a task over HTTP, from its first attempt to its answer, every step recorded. */
export class HttpCall {
  #call;
  #targets;
  #targetCount;
  #records;
  #tally;
  #stop;
  #abort;
  #attempts = 0;

  /**
   * @param targets has `next()`, the target to try
   * @param stop aborted when nothing new shall be sent: a call without an attempt is then none
   * @param abort aborted when nothing shall be waited for any more
   */
  constructor({ call, targets, targetCount, records, tally, stop, abort }) {
    this.#call = call;
    this.#targets = targets;
    this.#targetCount = targetCount;
    this.#records = records;
    this.#tally = tally;
    this.#stop = stop;
    this.#abort = abort;
  }

  /** Resolves when the call is answered or given up. */
  async run() {
    const target = await this.#submit();
    if (target !== undefined) await this.#awaitAnswer(target);
    else if (this.#attempts > 0) this.#record('unanswered', { reason: 'given up before a producer took it' });
  }

  /** Sends it until a producer has taken it; that producer, or undefined when it is given up. */
  async #submit() {
    const deadline = Date.now() + submitForMs;
    for (let tries = 0; Date.now() < deadline && !this.#abort.aborted; tries++) {
      if (this.#attempts === 0 && this.#stop.aborted) return undefined;
      const target = this.#targets.next();
      const socket = await openConnection(target, connectTimeoutMs).catch(() => undefined);
      if (socket === undefined) this.#tally.skippedTarget++;
      else {
        const fate = await this.#attempt(target, socket);
        if (fate === 'taken') return target;
        if (fate === 'pointless') return undefined;
      }
      // every target has had its turn, or one has spoken: wait for the others to change
      if (socket !== undefined || (tries + 1) % this.#targetCount === 0) await this.#pause(tries);
    }
    return undefined;
  }

  /** @returns taken, again or pointless */
  async #attempt(target, socket) {
    const { id, task, args } = this.#call;
    this.#attempts++;
    this.#record('sending', { task, args, attempt: this.#attempts });
    let answer;
    try {
      const body = { args, options: { task_id: id } };
      const path = `/tasks/${task}`;
      answer = await this.#exchange(target, socket, { method: 'POST', path, body }, publishTimeoutMs);
    } catch (caught) {
      this.#record('unconfirmed', { reason: `${target.host}: ${caught.code ?? caught.message}` });
      return 'again';
    }
    return this.#readPublishAnswer(target, answer);
  }

  #readPublishAnswer(target, { status, body }) {
    if (status === 202) {
      this.#record('confirmed');
      return 'taken';
    }
    const kind = String(body?.type ?? '').replace('urn:celeriac:problem:', '');
    const reason = `${target.host}: ${kind}`;
    // it knows the id from an attempt whose answer was lost; this one was not published
    const isKnown = status === 409 && this.#attempts > 1;
    if (status < 500 || notPublished.includes(kind)) this.#record('refused', { reason, status });
    else this.#record('unconfirmed', { reason, status });
    if (isKnown) return 'taken';
    return status < 500 ? 'pointless' : 'again';
  }

  async #awaitAnswer(target) {
    const deadline = Date.now() + answerWithinMs;
    let last = { reason: 'the caller was stopped' };
    for (let tries = 0; Date.now() < deadline && !this.#abort.aborted; tries++) {
      last = await this.#ask(target);
      if (last === undefined) return;
      await this.#pause(tries);
    }
    this.#record('unanswered', last);
  }

  /** @returns undefined when that was the last word, else why it was not */
  async #ask(target) {
    const socket = await openConnection(target, connectTimeoutMs).catch(() => undefined);
    if (socket === undefined) return { reason: `${target.host} takes no connection`, producerLost: true };
    try {
      const path = `/tasks/${this.#call.id}?wait=${answerWaitSeconds}`;
      const timeoutMs = (answerWaitSeconds + 5) * 1000;
      const answer = await this.#exchange(target, socket, { method: 'GET', path }, timeoutMs);
      if (this.#readAnswer(answer)) return undefined;
      return { reason: `${target.host}: ${answer.body?.state ?? answer.status}` };
    } catch (caught) {
      return { reason: `${target.host}: ${caught.code ?? caught.message}` };
    }
  }

  /** @returns whether that was the last word */
  #readAnswer({ status, body }) {
    if (status === 404) {
      this.#record('unanswered', { reason: 'the producer does not know the task', producerLost: true });
    } else if (status !== 200) {
      this.#record('error', { reason: String(body?.type), status });
      return false;
    } else if (body.state === 'SUCCESS') {
      this.#record('answered', { result: body.result });
    } else if (body.error !== undefined) {
      this.#record('answered', { failure: { type: body.error.exc_type, message: body.error.message } });
    } else return false;
    return true;
  }

  #exchange(target, socket, request, timeoutMs) {
    return exchange(socket, { ...request, target, timeoutMs, signal: this.#abort });
  }

  #record(event, fields = {}) {
    this.#records.append(event, { id: this.#call.id, ...fields });
  }

  /** From a quarter of a second to four seconds, with jitter. Ends early when nothing shall be waited for any more. */
  #pause(tries) {
    const ms = Math.min(250 * 2 ** tries, 4000) * (0.5 + Math.random() / 2);
    return delay(ms, undefined, { signal: this.#abort }).catch(() => undefined);
  }
}
