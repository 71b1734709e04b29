const mask = '**';

/** Query parameters whose value is a secret. */
const secretParameter = /([?&][^=&;#\s]*(?:pass|secret|token|key)[^=&;#\s]*=)[^&;#\s"]*/gi;

/**
 * Everything between a scheme and the last `@` of the same word. Greedy, because a password may hold an unescaped `@`
 * or `/`; it stops at white space, at an unescaped quote, and where the next URL of a `;` list begins. An escaped
 * quote or backslash is passed over, so that it works on a finished line of JSON too.
 */
const userInfo = /(:\/\/)(?:(?!;[a-z][a-z0-9+.-]*:\/\/)(?:\\["\\]|[^\s"\\]))*@/gi;

/**
 * Text with the user and the password of every URL in it replaced by `**`: `amqp://**@host:5672//`.
 *
 * Made for whole log lines: text without a URL comes back untouched, and where in doubt it hides too much.
 */
export function maskCredentials(text: string): string {
  if (!text.includes('://')) return text;
  return text.replace(userInfo, `$1${mask}@`).replace(secretParameter, `$1${mask}`);
}

/**
 * A URL, or a `;` list of them, as an error message may show it when it could not be parsed.
 *
 * Besides what `maskCredentials` hides, it hides a value without a scheme, which may be a bare password, and what
 * looks like `scheme://user:password` with the host forgotten.
 */
export function maskUnparsedUrl(text: string): string {
  return text
    .split(/;(?=[a-z][a-z0-9+.-]*:\/\/)/i)
    .map((url) => {
      const [, scheme, rest] = /^([a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(url.trim()) ?? [];
      if (scheme === undefined || rest === undefined) return mask;
      const host = rest.slice(rest.lastIndexOf('@') + 1);
      const isPlainHost = /^(?:[\w.-]*|\[[\da-f:.]*\])(?::\d*)?(?:[/?#].*)?$/is.test(host);
      const shown = isPlainHost ? maskCredentials(`${scheme}${host}`) : `${scheme}${mask}`;
      return host.length === rest.length || !isPlainHost ? shown : shown.replace('://', `://${mask}@`);
    })
    .join(';');
}
