import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';

import { ProblemError } from './problem.ts';

/** `Sec-Fetch-Site` of a page of this server, and of an address that the user typed. */
const ownSites: ReadonlySet<string> = new Set(['same-origin', 'none']);

/**
 * Refuses what a page of another site has a browser send; for the routes that publish.
 *
 * A browser sends a GET, and a POST without a body, to any address that a page names, and only keeps the answer from it.
 * `Sec-Fetch-Site` tells where the request comes from; a browser that lacks it sends `Origin` with a POST. Programs other
 * than browsers send neither.
 */
export function refuseCrossSite(
  { headers }: FastifyRequest,
  _reply: FastifyReply,
  done: HookHandlerDoneFunction,
): void {
  const { 'sec-fetch-site': site, origin, host } = headers;
  const isOwn =
    site === undefined ? isOwnOrigin(origin, host) : typeof site === 'string' && ownSites.has(site);
  if (isOwn) done();
  else {
    done(
      new ProblemError(
        'cross-site-request',
        'A browser sent this for a page of another site; call the producer from a server, or from its own page /docs.',
      ),
    );
  }
}

function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  return origin === undefined || (host !== undefined && /^https?:\/\/(.*)$/.exec(origin)?.[1] === host);
}
