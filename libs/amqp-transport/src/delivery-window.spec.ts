import fc from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DeliveryWindow, type SettlementChannel } from './delivery-window.ts';

/** Settles as RabbitMQ does, and objects to what RabbitMQ answers with 406 PRECONDITION_FAILED. */
class ModelBroker implements SettlementChannel {
  readonly unacknowledged = new Set<number>();
  readonly outcomes = new Map<number, 'acked' | 'requeued' | 'rejected'>();
  readonly frames: string[] = [];
  /** What the program has finished with an acknowledgement; nothing else may be acknowledged. */
  readonly finished = new Set<number>();

  deliver(tag: number): void {
    this.unacknowledged.add(tag);
  }

  ack(deliveryTag: number, multiple: boolean): void {
    this.frames.push(`ack ${deliveryTag}${multiple ? ' multiple' : ''}`);
    this.#known(deliveryTag);
    const tags = multiple ? [...this.unacknowledged].filter((tag) => tag <= deliveryTag) : [deliveryTag];
    for (const tag of tags) {
      if (!this.finished.has(tag)) throw new Error(`acknowledged ${tag}, which is not finished`);
      this.#settle(tag, 'acked');
    }
  }

  reject(deliveryTag: number, requeue: boolean): void {
    this.frames.push(`reject ${deliveryTag}${requeue ? ' requeue' : ''}`);
    this.#known(deliveryTag);
    this.#settle(deliveryTag, requeue ? 'requeued' : 'rejected');
  }

  #known(tag: number): void {
    if (!this.unacknowledged.has(tag))
      throw new Error(`406 PRECONDITION_FAILED - unknown delivery tag ${tag}`);
  }

  #settle(tag: number, outcome: 'acked' | 'requeued' | 'rejected'): void {
    if (this.outcomes.has(tag)) throw new Error(`settled ${tag} twice`);
    this.unacknowledged.delete(tag);
    this.outcomes.set(tag, outcome);
  }
}

type Verb = 'ack' | 'reject' | 'requeue';

const outcomeOf = { ack: 'acked', reject: 'rejected', requeue: 'requeued' } as const;

function windowOn(broker: ModelBroker, deliveries: number): DeliveryWindow {
  const window = new DeliveryWindow(broker);
  for (let tag = 1; tag <= deliveries; tag++) {
    broker.deliver(tag);
  }
  return window;
}

function run(broker: ModelBroker, window: DeliveryWindow, step: string): void {
  const [verb, tag] = step.split(' ');
  const deliveryTag = Number(tag);
  if (verb === 'flush') window.flush();
  else if (verb === 'ack') {
    broker.finished.add(deliveryTag);
    window.ack(deliveryTag);
  } else window.reject(deliveryTag, verb === 'requeue');
}

describe('DeliveryWindow', () => {
  it.each<[string, string[], string[]]>([
    ['everything in order', ['ack 1', 'ack 2', 'ack 3', 'flush'], ['ack 3 multiple']],
    ['everything in reverse order', ['ack 3', 'ack 2', 'ack 1', 'flush'], ['ack 3 multiple']],
    ['a gap', ['ack 1', 'ack 3', 'flush'], ['ack 1 multiple', 'ack 3']],
    ['a gap that closes later', ['ack 3', 'flush', 'ack 1', 'ack 2', 'flush'], ['ack 3', 'ack 2 multiple']],
    ['a rejection at the end of the prefix', ['ack 1', 'reject 2', 'flush'], ['reject 2', 'ack 1 multiple']],
    [
      'a rejection inside the prefix',
      ['ack 1', 'reject 2', 'ack 3', 'flush'],
      ['reject 2', 'ack 3 multiple'],
    ],
    ['a rejection beyond the prefix', ['reject 2', 'ack 1', 'flush'], ['reject 2', 'ack 1 multiple']],
    ['a requeueing', ['requeue 1', 'ack 2', 'flush'], ['reject 1 requeue', 'ack 2 multiple']],
    [
      'nothing but rejections',
      ['reject 1', 'reject 2', 'reject 3', 'flush'],
      ['reject 1', 'reject 2', 'reject 3'],
    ],
    ['nothing at all', ['flush'], []],
    ['a second flush', ['ack 1', 'ack 3', 'flush', 'flush'], ['ack 1 multiple', 'ack 3']],
    [
      'a gap closed by a tag that was acknowledged alone',
      ['ack 2', 'flush', 'ack 1', 'flush', 'ack 3', 'flush'],
      ['ack 2', 'ack 1 multiple', 'ack 3 multiple'],
    ],
  ])('settles %s', (_what, steps, frames) => {
    const broker = new ModelBroker();
    const window = windowOn(broker, 3);
    for (const step of steps) run(broker, window, step);
    expect(broker.frames).toEqual(frames);
  });

  it('acknowledges what a turn finished in one frame, at the end of the turn', async () => {
    const broker = new ModelBroker();
    const window = windowOn(broker, 4);
    for (const step of ['ack 1', 'ack 2', 'ack 3']) run(broker, window, step);
    expect(broker.frames).toEqual([]);
    await nextTurn();
    expect(broker.frames).toEqual(['ack 3 multiple']);
    run(broker, window, 'ack 4');
    await nextTurn();
    expect(broker.frames).toEqual(['ack 3 multiple', 'ack 4 multiple']);
  });

  it('says nothing more on a channel that is gone', async () => {
    const broker = new ModelBroker();
    const window = windowOn(broker, 3);
    run(broker, window, 'ack 1');
    window.invalidate();
    run(broker, window, 'ack 2');
    run(broker, window, 'reject 3');
    window.flush();
    await nextTurn();
    expect(broker.frames).toEqual([]);
    expect(window.isVoid).toBe(true);
  });

  it('settles every delivery once, whatever the order, and nothing that is not finished', () => {
    const verb = fc.constantFrom<Verb>('ack', 'ack', 'ack', 'reject', 'requeue');
    const plan = fc.integer({ min: 1, max: 40 }).chain((count) =>
      fc.tuple(
        fc.shuffledSubarray(
          Array.from({ length: count }, (_each, index) => index + 1),
          { minLength: count },
        ),
        fc.array(verb, { minLength: count, maxLength: count }),
        fc.array(fc.boolean(), { minLength: count, maxLength: count }),
        fc.array(fc.nat({ max: 3 }), { minLength: count, maxLength: count }),
      ),
    );
    fc.assert(
      fc.property(plan, ([order, verbs, flushes, arrivals]) => {
        const broker = new ModelBroker();
        const window = new DeliveryWindow(broker);
        let delivered = 0;
        const deliverUpTo = (tag: number): void => {
          while (delivered < Math.min(tag, order.length)) {
            broker.deliver(++delivered);
          }
        };
        const expected = new Map<number, string>();
        order.forEach((tag, index) => {
          deliverUpTo(Math.max(tag, delivered + (arrivals[index] ?? 0)));
          const step = verbs[index] ?? 'ack';
          expected.set(tag, outcomeOf[step]);
          run(broker, window, `${step} ${tag}`);
          if (flushes[index] === true) {
            window.flush();
            // nothing waits longer than a flush
            expect([...broker.unacknowledged].filter((each) => broker.finished.has(each))).toEqual([]);
          }
        });
        window.flush();
        expect(broker.unacknowledged.size).toBe(0);
        expect(new Map([...broker.outcomes].sort(([a], [b]) => a - b))).toEqual(
          new Map([...expected].sort(([a], [b]) => a - b)),
        );
        window.invalidate(); // drops the flushes that are scheduled
      }),
      { numRuns: 200 },
    );
  });

  it('costs no more for what was settled while one delivery stays unsettled', () => {
    const sent: number[] = [];
    const window = new DeliveryWindow({ ack: (tag) => sent.push(tag), reject: () => undefined });
    const startedAt = performance.now();
    for (let tag = 2; tag <= 100_000; tag++) {
      window.ack(tag);
      window.flush();
    }
    expect(sent.length).toBe(99_999); // each once
    expect(performance.now() - startedAt).toBeLessThan(10_000); // looking at all of them each time took three times that
    window.invalidate();
  });
});
