import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { brokerUrlParts } from './broker-url-parts.ts';

/** Where a broker is and how to log in to it; the parsed form of one `amqp://` URL. */
export interface BrokerAddress {
  readonly protocol: 'amqp' | 'amqps';
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** Virtual host, unescaped; `/` when the URL names none. */
  readonly vhost: string;
}

const protocols: ReadonlyMap<string, BrokerAddress['protocol']> = new Map([
  ['amqp', 'amqp'],
  ['pyamqp', 'amqp'],
  ['amqps', 'amqps'],
  ['pyamqps', 'amqps'],
]);

/**
 * Parses the setting `broker_url`: one URL, or several separated by `;` that are tried in turn (Celery's failover form).
 *
 * Takes whatever kombu takes (`brokerUrlParts`): default user `guest`, password `guest`, ports 5672 and 5671, and a virtual
 * host of `/` for an empty path or for `//`, host `localhost` where the URL names none.
 *
 * @throws ImproperlyConfiguredError when a URL cannot be parsed or has another scheme; credentials are masked
 */
export function parseBrokerUrls(text: string): readonly [BrokerAddress, ...BrokerAddress[]] {
  const [first, ...others] = splitUrls(text)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseBrokerUrl);
  if (first === undefined)
    throw new ImproperlyConfiguredError('broker_url is empty; give amqp://user:password@host:port/vhost');
  return [first, ...others];
}

function parseBrokerUrl(text: string): BrokerAddress {
  const { hostname, password, path, port, scheme, username } = brokerUrlParts(text);
  if (scheme === '') {
    // kombu takes it for a host name and shows it in every error; it may as well be a password
    throw new ImproperlyConfiguredError(
      'broker_url has no scheme; give amqp://user:password@host:port/vhost',
    );
  }
  const protocol = protocols.get(scheme);
  if (protocol === undefined) {
    throw new ImproperlyConfiguredError(
      `broker_url ${maskBrokerUrl(text)} has the scheme ${scheme}; supported are amqp, amqps, pyamqp and pyamqps`,
    );
  }
  if (!/^\d{0,5}$/.test(port) || Number(port) > 65_535 || /\s/.test(hostname)) {
    throw new ImproperlyConfiguredError(
      `broker_url ${maskBrokerUrl(text)} is not a URL; give amqp://user:password@host:port/vhost, ` +
        'with / ? and # in user and password as %2F %3F and %23',
    );
  }
  return {
    protocol,
    hostname: hostname || 'localhost',
    port: Number(port) || (protocol === 'amqp' ? 5672 : 5671),
    username: username || 'guest',
    password: password || 'guest',
    vhost: path || '/',
  };
}

/** What follows a `;` between URLs. */
const separated = /\s*(?:[a-z][a-z\d+.-]*:\/\/|;|$)/iy;

/** A `;` separates URLs where a scheme follows, or nothing; elsewhere it belongs to a password. */
function splitUrls(text: string): string[] {
  const urls: string[] = [];
  let begin = 0;
  for (let at = text.indexOf(';'); at !== -1; at = text.indexOf(';', at + 1)) {
    separated.lastIndex = at + 1;
    if (!separated.test(text)) continue;
    urls.push(text.slice(begin, at));
    begin = at + 1;
  }
  return [...urls, text.slice(begin)];
}

/**
 * The URL, or the URLs between `;`, with any password replaced by `********`. Works on text that is not a valid URL too;
 * in doubt it hides more.
 */
export function maskBrokerUrl(text: string): string {
  return splitUrls(text).map(maskOne).join(';');
}

function maskOne(text: string): string {
  const lastAt = text.lastIndexOf('@');
  if (lastAt !== -1) {
    const colon = passwordColon(text);
    return colon === -1 || colon > lastAt ? text : `${text.slice(0, colon)}:********${text.slice(lastAt)}`;
  }
  // what follows the colon may be the rest of a port, or the beginning of a password
  for (let at = text.indexOf('://'); at !== -1; at = text.indexOf('://', at + 1)) {
    let end = at + 3;
    while (end < text.length && !':/['.includes(text.charAt(end))) end++;
    const isPassword = text.charAt(end) === ':' && !port.test(text.slice(end + 1, end + 8));
    if (isPassword) return `${text.slice(0, end)}:********`;
  }
  return text;
}

/** A port up to the end of the authority. */
const port = /^\d{1,5}(?:[/?#]|$)/;

/** Where the first password begins that follows a scheme and a user, or -1. */
function passwordColon(text: string): number {
  for (let at = text.indexOf('://'); at !== -1; at = text.indexOf('://', at + 1)) {
    let end = at + 3;
    while (end < text.length && text.charAt(end) !== ':' && text.charAt(end) !== '@') end++;
    if (text.charAt(end) === ':') return end;
  }
  return -1;
}

/** A broker's address for people: host, port and virtual host, without credentials. */
export function describeBroker(address: BrokerAddress): string {
  const host = address.hostname.includes(':') ? `[${address.hostname}]` : address.hostname;
  const path = address.vhost === '/' ? '' : `/${encodeURIComponent(address.vhost)}`;
  return `${address.protocol}://${host}:${address.port}${path}`;
}
