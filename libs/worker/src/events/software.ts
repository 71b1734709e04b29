import { type } from 'node:os';

/**
 * What a worker is, as its events tell it. `sw_ver` is the version of this package: a file that runs in threads and
 * bundles cannot find its package.json, so a spec compares the two.
 *
 * Source: Celery 5.7.0, celery/worker/state.py `SOFTWARE_INFO`.
 */
export const software = { sw_ident: 'celeriac', sw_ver: '0.1.0', sw_sys: type() } as const;
