import { openBroker, type OwnedBroker } from '@celeriac/local-stack';
import { CeleryError } from '@celeriac/primitives';
import { bound, defineHolder, implement, plainTask } from '@celeriac/task-registry';
import { until } from '@celeriac/testing';
import { createWorkerFrom } from '@celeriac/worker';
import { setTimeout as delay } from 'node:timers/promises';
import type { AsyncResult } from './async-result.ts';
import { Client } from './client.ts';

const declared = defineHolder('restart', { note: plainTask() });

/** What a call came to. */
type Outcome = { readonly confirmed: AsyncResult } | { readonly error: unknown };

/** Sends calls one after the other, whatever becomes of each, until it is told to stop. */
function sendSteadily(client: Client): { stop(): Promise<Outcome[]> } {
  const outcomes: Promise<Outcome>[] = [];
  const stopping = new AbortController();
  const sending = (async () => {
    while (!stopping.signal.aborted) {
      outcomes.push(
        client.sendTask('note').then(
          (confirmed) => ({ confirmed }),
          (error: unknown) => ({ error }),
        ),
      );
      await delay(5); // some two hundred calls a second
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await sending;
      return Promise.all(outcomes);
    },
  };
}

function confirmedIn(outcomes: readonly Outcome[]): AsyncResult[] {
  return outcomes.flatMap((outcome) => ('confirmed' in outcome ? [outcome.confirmed] : []));
}

function errorsIn(outcomes: readonly Outcome[]): unknown[] {
  return outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []));
}

describe('clients whose broker is killed and started again', () => {
  let broker: OwnedBroker;

  beforeAll(async () => {
    broker = await openBroker({ isolated: true });
  }, 120_000);

  afterAll(() => broker.close());

  it('lose no confirmed call, and reject every other with a typed error', async () => {
    const { url: brokerUrl } = broker;
    const executed = new Set<string>();
    const { app: worker } = createWorkerFrom(
      implement(declared, {
        note: bound((context) => {
          executed.add(context.request.id);
          return 'noted';
        }),
      }),
      { brokerUrl },
    );
    await worker.start();
    const patient = await Client.connect({ brokerUrl, holders: [declared] });
    const hasty = await Client.connect({ brokerUrl, holders: [declared], failFast: true });
    try {
      const patientCalls = sendSteadily(patient);
      const hastyCalls = sendSteadily(hasty);
      await until(() => executed.size > 100, { timeoutMs: 20_000 });

      await broker.kill();
      await until(() => !patient.isConnected && !hasty.isConnected, { timeoutMs: 5000 });
      const refused: unknown = await hasty.sendTask('note').catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'ERR_CONNECTION_CLOSED', recoverable: true });
      const undeclared: unknown = await hasty
        .sendTask('note', [], {}, { queue: 'undeclared' })
        .catch((error: unknown) => error);
      expect(undeclared).toMatchObject({ code: 'ERR_CONNECTION_CLOSED', recoverable: true });

      await broker.restart();
      await until(() => patient.isConnected && hasty.isConnected && worker.isReady, { timeoutMs: 5000 });
      const [patientOutcomes, hastyOutcomes] = await Promise.all([patientCalls.stop(), hastyCalls.stop()]);

      // the patient one waits for the broker: nothing of it is lost, not even what was called meanwhile
      expect(errorsIn(patientOutcomes)).toEqual([]);
      expect(errorsIn(hastyOutcomes).length).toBeGreaterThan(0);
      for (const error of errorsIn(hastyOutcomes)) {
        expect(error).toBeInstanceOf(CeleryError);
        expect(error).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' });
      }
      const confirmed = [...confirmedIn(patientOutcomes), ...confirmedIn(hastyOutcomes)];
      await until(() => confirmed.every(({ id }) => executed.has(id)), { timeoutMs: 20_000 });

      // and results arrive again
      const result = await hasty.sendTask('note');
      expect(await result.get({ timeoutMs: 10_000 })).toBe('noted');
      expect(executed.has(result.id)).toBe(true);
    } finally {
      await Promise.all([patient.close(), hasty.close(), worker.stop()]);
    }
  }, 120_000);
});
