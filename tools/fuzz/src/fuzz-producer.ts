import { freePort } from '@celeriac/local-stack';
import { complaints, describe } from './fuzz-report.ts';
import type { Complaints, FuzzOptions } from './fuzz-worker.ts';
import { operationsOf } from './openapi-operations.ts';
import { ProcessUnderTest } from './process-under-test.ts';
import { Random } from './random.ts';
import { RequestMutator, type FuzzedRequest } from './request-mutator.ts';
import { sendRequest } from './send-request.ts';
import { stackLimits } from './stack-limits.ts';

/** Connections at a time. */
const lanes = 8;
/** Good calls are made after so many requests. */
const batch = 200;
/** No refusal needs more, however long the request was. */
const mostRefusalBytes = 16 * 1024;
const resultTimeoutMs = 120_000;

/**
 * Sends mutated requests to a producer that runs with the stack's limits, beside a worker of `addition`, and a good call
 * after every batch. Wrong is: it dies, its event loop stalls, its health does not answer, it holds more memory than its
 * container has, a good call is not answered, a request that is whole gets no answer or one of 500, 501, 502 or 504, or a
 * refusal is longer than 16 KiB.
 */
export async function fuzzProducer(options: FuzzOptions): Promise<Complaints> {
  const { brokerUrl, count, log, root, seed } = options;
  const [port, workerHealthPort] = [await freePort(), await freePort()];
  const origin = `http://127.0.0.1:${port}`;
  const env = { ...process.env, CELERY_BROKER_URL: brokerUrl };
  const worker = await ProcessUnderTest.start({
    root,
    app: 'addition',
    limits: await stackLimits(root, 'addition'),
    env: { ...env, CELERIAC_HEALTH_PORT: String(workerHealthPort) },
    healthUrl: `http://127.0.0.1:${workerHealthPort}`,
  });
  let producer: ProcessUnderTest | undefined;
  try {
    producer = await ProcessUnderTest.start({
      root,
      app: 'producer',
      limits: await stackLimits(root, 'producer'),
      env: { ...env, HOST: '127.0.0.1', PORT: String(port) },
      healthUrl: origin,
    });
    const document: unknown = await (await fetch(`${origin}/openapi.json`)).json();
    const mutator = new RequestMutator(operationsOf(document), new Random(seed));
    const answers = new AnswerBook();
    const startMs = performance.now();
    for (let sent = 0; sent < count;) {
      const requests = Array.from({ length: Math.min(batch, count - sent) }, () => mutator.next());
      sent += requests.length;
      const lane = async (): Promise<void> => {
        for (let request = requests.pop(); request !== undefined; request = requests.pop())
          answers.add(request, await sendRequest(port, request.bytes, request.isWhole));
      };
      await Promise.all(Array.from({ length: lanes }, lane));
      producer.assertAlive();
      worker.assertAlive();
      await goodCall(origin, sent);
      if (sent % 5000 === 0)
        log(`${sent} requests, ${Math.round((sent / (performance.now() - startMs)) * 1000)} a second`);
    }
    const seen = await producer.stop();
    const workerSeen = await worker.stop();
    log(`${describe('producer', seen)}\n${answers.describe()}\n${describe('worker', workerSeen)}`);
    return [
      ...complaints('producer', seen, options.mostStallMs),
      ...complaints('worker', workerSeen, options.mostStallMs),
      ...answers.complaints,
    ];
  } finally {
    producer?.kill();
    worker.kill();
  }
}

/** What was answered how often. */
class AnswerBook {
  readonly complaints: string[] = [];
  readonly #statuses = new Map<string, number>();

  add(
    { bytes, isWhole }: FuzzedRequest,
    { size, status }: { readonly size: number; readonly status: number | undefined },
  ): void {
    const name = String(status ?? (isWhole ? 'no answer' : 'no answer to an unfinished one'));
    this.#statuses.set(name, (this.#statuses.get(name) ?? 0) + 1);
    const isWrong =
      status === undefined
        ? isWhole
        : [500, 501, 502, 504].includes(status) || (status >= 400 && size > mostRefusalBytes);
    if (!isWrong || this.complaints.length >= 20) return;
    this.complaints.push(
      `${name} of ${size} bytes to ${bytes.length} bytes: ${bytes.subarray(0, 400).toString('latin1')}`,
    );
  }

  describe(): string {
    return [...this.#statuses]
      .sort(([left], [right]) => left.localeCompare(right))
      .map(([status, count]) => `  ${String(count).padStart(8)} × ${status}`)
      .join('\n');
  }
}

/** @throws Error when a call of `add` does not give its sum */
async function goodCall(origin: string, number: number): Promise<void> {
  const called = await fetch(`${origin}/tasks/add`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ args: [{ num_1: number, num_2: 0.5 }] }),
  });
  const { id } = (await called.json()) as { id?: string };
  if (called.status !== 202 || id === undefined)
    throw new Error(`a good call was answered with ${called.status}`);
  const deadlineMs = performance.now() + resultTimeoutMs;
  for (;;) {
    const response = await fetch(`${origin}/tasks/${id}?wait=10`);
    const { result, state } = (await response.json()) as { result?: unknown; state?: string };
    if (state === 'SUCCESS' && result === number + 0.5) return;
    if (performance.now() > deadlineMs || response.status >= 400)
      throw new Error(
        `a good call of ${number} ended with ${response.status}, ${state ?? ''}, ${String(result)}`,
      );
  }
}
