import fc from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WorkerFixture } from '../testing/worker-fixture.ts';

const settings = { workerConcurrency: 2, workerPrefetchMultiplier: 4, workerEtaTaskLimit: 3 };
const prefetch = 8;

type Step =
  | { readonly kind: 'call' }
  | { readonly kind: 'call with eta'; readonly seconds: number }
  | { readonly kind: 'finish'; readonly index: number }
  | { readonly kind: 'lose the connection' }
  | { readonly kind: 'wait'; readonly seconds: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Step>({ kind: 'call' }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant<'call with eta'>('call with eta'), seconds: fc.integer({ min: 1, max: 2000 }) }) }, // prettier-ignore
  { weight: 3, arbitrary: fc.record({ kind: fc.constant<'finish'>('finish'), index: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'lose the connection' }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant<'wait'>('wait'), seconds: fc.integer({ min: 1, max: 900 }) }),
  },
);

/** A worker, a broker, and the calls that were made. */
class Model {
  readonly fixture = new WorkerFixture({ settings });
  readonly #sent: string[] = [];
  readonly #finished = new Set<string>();

  /** Lets all come to rest that needs no time. */
  async rest(): Promise<void> {
    for (let turn = 0; turn < 12; turn++) await nextTurn();
  }

  play(next: Step): void {
    const { fixture } = this;
    switch (next.kind) {
      case 'call':
      case 'call with eta': {
        const id = `${next.kind} ${String(this.#sent.length)}`;
        this.#sent.push(id);
        const eta = next.kind === 'call' ? undefined : new Date(Date.now() + next.seconds * 1000);
        fixture.sendCall({ id, eta });
        return;
      }
      case 'finish': {
        const running = fixture.runs.filter((run) => !this.#finished.has(this.#nameOf(run)));
        const run = running[next.index % Math.max(1, running.length)];
        if (run === undefined) return;
        this.#finished.add(this.#nameOf(run));
        run.finish('done');
        return;
      }
      case 'lose the connection':
        fixture.transport.loseConnection();
        return;
      case 'wait':
        jest.advanceTimersByTime(next.seconds * 1000);
    }
  }

  #nameOf(run: WorkerFixture['runs'][number]): string {
    return `${run.id} ${String(this.fixture.runs.indexOf(run))}`;
  }

  get runningCount(): number {
    return this.fixture.runs.length - this.#finished.size;
  }

  /** Deliveries that the broker has given out on the present channel and that are not settled. */
  get unsettled(): string[] {
    const { entries } = this.fixture.transport.journal;
    const since = entries.findLastIndex(({ event }) => event === 'disconnected');
    const unsettled: string[] = [];
    for (const entry of entries.slice(since + 1)) {
      if (!('message' in entry)) continue;
      const id = String(entry.message.headers['id']);
      if (entry.event === 'delivered') unsettled.push(id);
      if (entry.event === 'acked' || entry.event === 'rejected') unsettled.splice(unsettled.indexOf(id), 1);
    }
    return unsettled;
  }

  /** Ids that are at the broker, to be delivered or held until they are due. */
  get atBroker(): unknown[] {
    const { transport } = this.fixture;
    return transport.broker.queueNames
      .filter((name) => name !== 'replies')
      .flatMap((name) => transport.messagesIn(name).map(({ headers }) => headers['id']));
  }

  get lost(): string[] {
    const results = new Set<unknown>(this.fixture.results.map((result) => (result as { id?: unknown }).id));
    const atBroker = new Set(this.atBroker);
    return this.#sent.filter((id) => !results.has(id) && !atBroker.has(id));
  }
}

describe('prefetch accounting', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('never drifts from what the broker counts, whatever is called, finished and lost', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const model = new Model();
        const { fixture } = model;
        await fixture.start();
        for (const next of steps) {
          model.play(next);
          await model.rest();
          const { unsettled } = model;
          expect(unsettled.length).toBeLessThanOrEqual(prefetch);
          const held = unsettled.filter(
            (id) => id.startsWith('call with eta') && !fixture.runs.some((run) => run.id === id),
          ).length;
          // those of them whose time has come wait for a place
          if (model.runningCount < settings.workerConcurrency) {
            expect(held).toBeLessThanOrEqual(settings.workerEtaTaskLimit);
            // however many wait for their eta, there is room for a task that may run
            expect(fixture.waiting.filter((id) => String(id).startsWith('call '))).toEqual([]);
          }
        }
        const { unsettled } = model;
        await fixture.worker.stop({ mode: 'cold' });
        // the worker has held exactly what the broker waits for
        const [{ returned } = {}] = fixture.logger.fieldsOf('worker stopped');
        expect(returned).toBe(unsettled.length);
        expect(model.lost).toEqual([]);
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
