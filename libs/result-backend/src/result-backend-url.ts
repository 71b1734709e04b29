import { ImproperlyConfiguredError } from '@celeriac/primitives';

/** Result backends there are: `rpc` sends results to the caller's reply queue, `disabled` drops them. */
export type ResultBackendKind = 'rpc' | 'disabled';

/**
 * Parses the setting `result_backend`: `rpc://` or `disabled://`; the bare words `rpc` and `disabled` too, as in Celery.
 *
 * @throws ImproperlyConfiguredError for any other backend
 */
export function parseResultBackend(text: string): ResultBackendKind {
  const scheme = text.split('://', 1)[0] ?? '';
  if (scheme === 'rpc' || scheme === 'disabled') return scheme;
  // a text without a scheme may be anything, a password too
  const shown = /^[a-z][a-z0-9+.-]*$/i.test(scheme) ? `has the scheme ${scheme}` : 'has no scheme';
  throw new ImproperlyConfiguredError(`result_backend ${shown}; supported are rpc:// and disabled://`);
}
