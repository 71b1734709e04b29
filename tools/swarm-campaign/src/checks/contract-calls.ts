import { lastLines, waitUntil } from '@celeriac/local-stack';
import type { CeleriacStack } from '../celeriac-stack.ts';
import type { Lab } from '../lab.ts';
import { callersSecret } from '../load.ts';
import { celeryImage } from '../campaign-images.ts';

const service = 'contract-calls';

/**
 * Runs programs/contract_calls.py once, in a container on the stack's own network.
 *
 * @returns its last line, `N passed, 0 failed`
 * @throws Error with the calls whose outcome was not that of a Python worker
 */
export async function runContractCalls(lab: Lab, stack: CeleriacStack): Promise<string> {
  const secret = await callersSecret(lab, stack);
  await lab.docker(
    ...[
      'service',
      'create',
      '--detach',
      '--name',
      service,
      '--mode',
      'replicated-job',
      '--restart-condition',
      'none',
    ],
    ...['--network', `${stack.name}_broker`, '--constraint', 'node.role==manager'],
    ...['--secret', `source=${secret},target=broker_url,uid=1000,mode=0400`],
    ...['--env', 'BROKER_URL_FILE=/run/secrets/broker_url', '--env', 'PYTHONDONTWRITEBYTECODE=1'],
    ...[
      '--mount',
      'type=bind,source=/shared,target=/shared',
      '--user',
      '1000:1000',
      '--read-only',
      '--cap-drop',
      'ALL',
    ],
    ...[celeryImage, 'python3', '/shared/programs/contract_calls.py'],
  );
  try {
    let state = '';
    await waitUntil(
      async () => {
        state = await lab.docker('service', 'ps', '--format', '{{.CurrentState}} {{.Error}}', service);
        return /^(?:Complete|Failed|Rejected)/.test(state);
      },
      { what: `${service} has ended`, timeoutMs: 120_000, intervalMs: 300 },
    );
    const output = await lab.docker('service', 'logs', '--raw', service);
    const last = lastLines(output, 1);
    if (!state.startsWith('Complete') || !/^[1-9]\d* passed, 0 failed$/.test(last)) {
      throw new Error(`${state}\n${lastLines(output, 20)}`);
    }
    return last;
  } finally {
    await lab.docker('service', 'rm', service);
  }
}
