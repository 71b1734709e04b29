import { MessageMutator } from './message-mutator.ts';
import { Random } from './random.ts';
import type { RecordedMessage } from './recorded-messages.ts';

const recorded: RecordedMessage[] = [
  {
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    headers: { task: 'tasks.add', id: 'abc', retries: 0, eta: null, stamps: { a: [1] } },
    body: Buffer.from('[[1,2],{},{"callbacks":null}]'),
  },
];

function messages(seed: number, count: number): ReturnType<MessageMutator['next']>[] {
  const mutator = new MessageMutator({
    recorded,
    random: new Random(seed),
    tasks: ['add'],
    replyTo: 'answers',
  });
  return Array.from({ length: count }, () => mutator.next());
}

describe('MessageMutator', () => {
  it('makes the same messages for the same seed', () => {
    expect(messages(5, 100)).toEqual(messages(5, 100));
  });

  it('makes header tables that RabbitMQ takes', () => {
    const check = (value: unknown): void => {
      if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true);
      if (typeof value !== 'object' || value === null) return;
      for (const [name, member] of Object.entries(value)) {
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        check(member);
      }
    };
    for (const { headers, properties } of messages(6, 3000)) {
      check(headers);
      expect(Buffer.byteLength(properties.correlationId)).toBeLessThanOrEqual(255);
    }
  });

  it('leaves some bodies as they were, and changes most', () => {
    const same = messages(7, 1000).filter(({ body }) =>
      body.equals(recorded[0]?.body ?? Buffer.alloc(0)),
    ).length;
    expect(same).toBeGreaterThan(10);
    expect(same).toBeLessThan(500);
  });

  it('packs megabytes into some of them', () => {
    const packed = messages(8, 3000).filter(({ headers }) => headers['compression'] === 'application/x-gzip');
    expect(packed.length).toBeGreaterThan(10);
  });
});
