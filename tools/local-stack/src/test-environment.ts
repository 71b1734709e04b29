import type { Logger } from '@celeriac/primitives';
import { coerceError } from '@celeriac/primitives';

import { shownBrokerUrl } from './broker-url.ts';
import { openBroker } from './local-broker.ts';
import type { LocalBroker } from './owned-broker.ts';
import { openPython } from './python-environment.ts';
import type { PythonEnvironment } from './python-environment.ts';

/** What the suites that need more than Node find in their environment. */
export interface TestEnvironment {
  readonly variables: NodeJS.ProcessEnv;
  /** Why there is no broker; undefined when there is one. */
  readonly noBroker: string | undefined;
  close(): Promise<void>;
}

/** Opens a broker and the Python environments. What is not to be had is a reason to skip, not an error. */
export async function openTestEnvironment(options: {
  readonly log: Logger;
  readonly env: NodeJS.ProcessEnv;
  readonly root: string;
  readonly signal: AbortSignal;
}): Promise<TestEnvironment> {
  const { log, env, root, signal } = options;
  const broker = await brokerOrReason(log, env, signal);
  // without a broker no suite will ask for Python
  const python = typeof broker === 'string' ? undefined : await openPython({ log, root, signal });
  return {
    variables: {
      ...(typeof broker !== 'string' && { CELERIAC_TEST_BROKER_URL: broker.url }),
      ...(python !== undefined && pythonVariables(python)),
    },
    noBroker: typeof broker === 'string' ? broker : undefined,
    close: async () => {
      if (typeof broker !== 'string') await broker.close();
    },
  };
}

/** The paths of the interpreters that there are, and why another one is not. */
export function pythonVariables(python: PythonEnvironment): NodeJS.ProcessEnv {
  const { newest, oldest } = python;
  const reasons = new Set([newest, oldest].flatMap((one) => ('skipped' in one ? [one.skipped] : [])));
  return {
    ...(!('skipped' in newest) && { CELERIAC_TEST_PYTHON_NEWEST: newest.executable }),
    ...(!('skipped' in oldest) && { CELERIAC_TEST_PYTHON_OLDEST: oldest.executable }),
    ...(reasons.size > 0 && { CELERIAC_TEST_PYTHON_SKIP_REASON: [...reasons].join('; ') }),
  };
}

async function brokerOrReason(
  log: Logger,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<LocalBroker | string> {
  try {
    const broker = await openBroker({ log, env, signal });
    log.info({ kind: broker.kind }, `broker at ${shownBrokerUrl(broker.url)}`);
    return broker;
  } catch (caught) {
    signal.throwIfAborted();
    return coerceError(caught).message.replace(/\s+/g, ' ').trim();
  }
}
