import { cutText } from '@celeriac/primitives';
import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';

import { ProblemError } from './problem.ts';

const loopbackNames: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** `host[:port]`, RFC 3986; a host of an IPv6 address is in brackets. */
const authority = /^(\[[\da-f:.]+\]|[^\s:/?#@[\]]+)(?::\d*)?$/i;
/** What follows the scheme of an address in absolute form, up to its path. */
const absoluteForm = /^https?:\/\/([^/?#]*)/i;

/**
 * The names under which a server on `address` may be asked, or undefined when any will do.
 *
 * A page of any site can have its name point to a loopback address (DNS rebinding), and then calls what listens there as if
 * it were its own: so there a request must name a loopback host, or one of `names`. On other addresses the names are not
 * known; they are checked once some are given.
 */
export function resolveAllowedHosts(
  address: string,
  names: readonly string[] | undefined,
): ReadonlySet<string> | undefined {
  if (names === undefined && !isLoopback(address)) return undefined;
  const listened = address.includes(':') ? `[${address}]` : address;
  return new Set([...loopbackNames, listened, ...(names ?? [])].map(normalizeHost));
}

function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || (isIPv4(address) && address.startsWith('127.'));
}

function normalizeHost(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/**
 * Looks at the host that a request names, in its address and in its `Host` header.
 *
 * HTTP/1.0 has no `Host` header, and no browser speaks it: such a request is not asked for one.
 *
 * @param allowed see {@link resolveAllowedHosts}
 * @throws ProblemError `misdirected-request` for a host that is not allowed, `bad-request` for a header that is missing,
 * given twice, or not a host
 */
export function checkHost(request: IncomingMessage, allowed: ReadonlySet<string> | undefined): void {
  const { host } = request.headers;
  if (host === undefined) {
    if (request.httpVersion !== '1.0') throw new ProblemError('bad-request', 'The Host header is missing.');
  } else if (countHosts(request.rawHeaders) > 1) {
    throw new ProblemError('bad-request', 'The Host header is given more than once.');
  }
  if (allowed === undefined) return;
  const target = absoluteForm.exec(request.url ?? '')?.[1];
  for (const named of [target, host]) if (named !== undefined) checkName(named, allowed);
}

function checkName(named: string, allowed: ReadonlySet<string>): void {
  const name = authority.exec(named)?.[1];
  if (name !== undefined && allowed.has(normalizeHost(name))) return;
  throw new ProblemError(
    'misdirected-request',
    `The host ${JSON.stringify(cutText(named, 100))} is not served here; name one of CELERIAC_ALLOWED_HOSTS, or add it there.`,
  );
}

function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at]?.toLowerCase() === 'host') count++;
  return count;
}
