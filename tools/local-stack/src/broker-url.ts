const DEFAULT_PORT = '5672';
const UNREADABLE = '(unreadable broker URL)';

/** The URL of a broker on this machine with RabbitMQ's own default user; without a path, which every client reads as virtual host `/`. */
export function loopbackBrokerUrl(port: number): string {
  return `amqp://guest:guest@127.0.0.1:${String(port)}`;
}

/**
 * A broker's URL as it may be shown: scheme, host, port and virtual host; never user, password or query.
 *
 * A value that is no URL is shown as `(unreadable broker URL)`, since it may still hold a password.
 */
export function shownBrokerUrl(brokerUrl: string): string {
  if (!URL.canParse(brokerUrl)) return UNREADABLE;
  const { protocol, hostname, port, pathname } = new URL(brokerUrl);
  if (hostname === '') return UNREADABLE; // `user:password@host` parses, as scheme and path
  const virtualHost = pathname === '/' || pathname === '//' ? '' : pathname;
  return `${protocol}//${hostname}:${port || DEFAULT_PORT}${virtualHost}`;
}
