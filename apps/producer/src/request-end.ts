import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests of one connection that are not answered yet. */
type Unanswered = Set<RequestEnd>;

const unansweredOf = new WeakMap<Socket, Unanswered>();
const endOf = new WeakMap<IncomingMessage, RequestEnd>();

/**
 * The end of a request: its answer was handed to the system, or its connection was lost.
 *
 * A pipelined request whose turn has not come has no connection to tell of its loss, and so the socket is watched, with one
 * listener for all its requests.
 */
class RequestEnd {
  readonly #callbacks: (() => void)[] = [];
  #hasCome = false;

  watch(response: ServerResponse, unanswered: Unanswered): void {
    unanswered.add(this);
    const answered = (): void => {
      unanswered.delete(this);
      this.come();
    };
    response.once('finish', answered);
    response.once('close', answered);
  }

  then(callback: () => void): void {
    if (this.#hasCome) callback();
    else this.#callbacks.push(callback);
  }

  come(): void {
    this.#hasCome = true;
    for (const callback of this.#callbacks.splice(0)) callback();
  }
}

/** Watches a request from its start; returns how many of its connection are not answered yet, with this one. */
export function watchRequest(request: IncomingMessage, response: ServerResponse): number {
  const { socket } = request;
  let unanswered = unansweredOf.get(socket);
  if (unanswered === undefined) {
    const ends: Unanswered = new Set();
    unanswered = ends;
    unansweredOf.set(socket, ends);
    socket.once('close', () => {
      for (const end of ends) end.come();
      ends.clear();
    });
  }
  const end = new RequestEnd();
  endOf.set(request, end);
  end.watch(response, unanswered);
  return unanswered.size;
}

/** Calls back once, when a watched request has ended; at once when it has already. */
export function whenRequestEnds(request: IncomingMessage, callback: () => void): void {
  endOf.get(request)?.then(callback);
}
