import { Buffer } from 'node:buffer';

/** The parts of a broker URL, unescaped; what the URL lacks is an empty text. */
export interface BrokerUrlParts {
  /** In lower case, without `://`. */
  readonly scheme: string;
  readonly hostname: string;
  /** As it stands. */
  readonly port: string;
  readonly username: string;
  readonly password: string;
  /** Without its first slash. */
  readonly path: string;
}

/**
 * Takes a broker URL apart as kombu does, which escapes as little as possible: everything up to the last `@` before the
 * path is user and password, a `%` that escapes nothing stays as it is, and a path is not normalized.
 *
 * Source: kombu 5.7.0, kombu/utils/url.py `url_to_parts`, which takes Python's `urlparse`.
 */
export function brokerUrlParts(text: string): BrokerUrlParts {
  const schemeEnd = text.indexOf('://');
  const scheme = schemeEnd === -1 ? '' : text.slice(0, schemeEnd).toLowerCase();
  const rest = schemeEnd === -1 ? text : text.slice(schemeEnd + 3);
  const authorityEnd = firstOf(rest, '/?#');
  const authority = rest.slice(0, authorityEnd);
  const path = rest.slice(authorityEnd);
  const at = authority.lastIndexOf('@');
  const [username, password] = splitAt(authority.slice(0, Math.max(at, 0)), ':');
  const [hostname, port] = hostAndPort(authority.slice(at + 1));
  return {
    scheme,
    hostname: unquote(hostname).toLowerCase(),
    port,
    username: unquote(username),
    password: unquote(password),
    path: path.startsWith('/') ? unquote(path.slice(1, Math.max(1, firstOf(path, '?#')))) : '',
  };
}

function hostAndPort(text: string): [hostname: string, port: string] {
  if (!text.startsWith('[')) return splitAt(text, ':');
  const [address, rest] = splitAt(text.slice(1), ']');
  return [address, rest.startsWith(':') ? rest.slice(1) : rest];
}

/** What is before the first separator, and what is after it. */
function splitAt(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator);
  return index === -1 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}

/** Where the first of some characters is; the length of the text without any. */
function firstOf(text: string, characters: string): number {
  const found = Array.from(characters, (character) => text.indexOf(character)).filter(
    (index) => index !== -1,
  );
  return Math.min(text.length, ...found);
}

/** Python's `unquote`: what escapes nothing stays, bytes that are not UTF-8 become U+FFFD. */
function unquote(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}
