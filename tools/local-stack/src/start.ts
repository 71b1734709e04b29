import { once } from 'node:events';

import { LocalStackError } from './local-stack-error.ts';
import { progressLog } from './progress-log.ts';
import { Stack } from './stack.ts';
import { listenForStop } from './stop-request.ts';
import { findWorkspaceRoot } from './workspace-root.ts';

/**
 * `npm start`: runs the reference application until Ctrl-C or SIGTERM.
 *
 * Standard output gets one line, when all is ready: `ready producer=<url> broker=<url>`; logs go to standard error.
 *
 * @returns the exit code: 0 when it was asked to stop, 1 when it could not start or a part of it ended by itself
 */
export async function main(): Promise<number> {
  const log = progressLog();
  const { stop, insist, release } = listenForStop();
  try {
    const stack = await Stack.start({ log, env: process.env, root: findWorkspaceRoot(), signal: stop });
    try {
      process.stdout.write(`ready producer=${stack.producerUrl} broker=${stack.shownBrokerUrl}\n`);
      const broken = await Promise.race([stack.brokenBy(), asked(stop)]);
      // a part that ends in the moment of the stop was told to: by a service manager that signals every process
      if (broken === undefined || stop.aborted) return 0;
      log.error({}, `${broken}; stopping the others`);
      return 1;
    } finally {
      log.info({}, 'stopping');
      await stack.stop(insist);
    }
  } catch (caught) {
    if (stop.aborted) return 0;
    if (!(caught instanceof LocalStackError)) throw caught;
    log.error({}, `cannot start: ${caught.message}`);
    return 1;
  } finally {
    release();
  }
}

async function asked(stop: AbortSignal): Promise<undefined> {
  if (!stop.aborted) await once(stop, 'abort');
  return undefined;
}
