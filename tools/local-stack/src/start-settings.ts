import { LocalStackError } from './local-stack-error.ts';

/** Where `npm start` serves HTTP. */
export interface StartSettings {
  /** `HOST`, default 127.0.0.1. */
  readonly host: string;
  /** `PORT`, default 8000. */
  readonly port: number;
}

/** @throws LocalStackError when PORT is not a port */
export function readStartSettings(env: NodeJS.ProcessEnv): StartSettings {
  const host = env['HOST'] === undefined || env['HOST'] === '' ? '127.0.0.1' : env['HOST'];
  const given = env['PORT'] === undefined || env['PORT'] === '' ? '8000' : env['PORT'];
  const port = Number(given);
  if (!/^\d+$/.test(given) || port < 1 || port > 65_535) {
    throw new LocalStackError(`PORT must be a number from 1 to 65535, got ${JSON.stringify(given)}`);
  }
  return { host, port };
}

/** The URL to type into a browser; a server that listens on every address is reached on the loopback. */
export function producerUrl({ host, port }: StartSettings): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${String(port)}`;
}
