import { constants, deflateSync, gzipSync } from 'node:zlib';
import { hostileText } from './hostile-text.ts';
import { hostileValue, JsonNumber, jsonText, mutateValue } from './json-value.ts';
import type { Random } from './random.ts';
import type { RecordedMessage } from './recorded-messages.ts';

/** A message that RabbitMQ takes and a worker may choke on. */
export interface FuzzedMessage {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  readonly properties: {
    readonly contentType?: string;
    readonly contentEncoding?: string;
    readonly replyTo?: string;
    readonly correlationId: string;
    readonly priority?: number;
  };
}

export interface MessageMutatorOptions {
  readonly recorded: readonly RecordedMessage[];
  readonly random: Random;
  /** Tasks of the worker: most messages call one of these, so that they get past the look at the name. */
  readonly tasks: readonly string[];
  /** Where some of the messages want their results. */
  readonly replyTo: string;
}

const contentTypes = [
  'application/json',
  'application/x-msgpack',
  'application/x-yaml',
  'application/x-python-serialize',
  'application/data',
  'text/plain',
];
const encodings = ['utf-8', 'binary', 'us-ascii', 'utf-16', 'latin-1', 'no-such-encoding'];
const compressions = [
  'application/x-gzip',
  'application/x-bz2',
  'application/x-lzma',
  'application/zstd',
  'no/such',
];

/**
 * Makes messages out of recorded ones: a header, a place in the body or some of its bytes changed, compressed, multiplied.
 *
 * What RabbitMQ itself refuses is not made: the worker would never see it.
 */
export class MessageMutator {
  readonly #options: MessageMutatorOptions;
  /** Those that call a task: the others are refused at the first look. */
  readonly #calls: readonly RecordedMessage[];
  #made = 0;

  constructor(options: MessageMutatorOptions) {
    this.#options = options;
    this.#calls = options.recorded.filter(({ headers }) => typeof headers['task'] === 'string');
  }

  next(): FuzzedMessage {
    const { random, recorded, replyTo, tasks } = this.#options;
    const id = `fuzz-${this.#made++}`;
    const source = random.pick(random.chance(85) && this.#calls.length > 0 ? this.#calls : recorded);
    const headers: Record<string, unknown> = { ...source.headers };
    if (random.chance(90)) Object.assign(headers, { task: random.pick(tasks), id, root_id: id });
    const rounds = random.chance(50) ? 0 : random.int(1, 3);
    for (let round = 0; round < rounds; round++) this.#mutateHeaders(headers);
    const contentType = random.chance(5) ? random.pick(contentTypes) : source.contentType;
    const contentEncoding = random.chance(5) ? random.pick(encodings) : source.contentEncoding;
    const body = this.#body(source, headers);
    return {
      headers: wireTable(headers, 0),
      body,
      properties: {
        ...(contentType !== undefined && { contentType }),
        ...(contentEncoding !== undefined && { contentEncoding }),
        ...(random.chance(70) && { replyTo: random.chance(80) ? replyTo : 'no-such-queue' }),
        ...(random.chance(50) && { priority: random.pick([0, 9, 255]) }),
        correlationId: random.chance(90) ? id : shortText(hostileText(random, 100)),
      },
    };
  }

  #mutateHeaders(headers: Record<string, unknown>): void {
    const { random } = this.#options;
    const names = Object.keys(headers);
    if (names.length === 0 || random.chance(15)) headers[hostileText(random, 100)] = hostileValue(random);
    else if (random.chance(10)) Reflect.deleteProperty(headers, random.pick(names));
    else headers[random.pick(names)] = random.chance(70) ? hostileValue(random) : random.int(-5, 5);
  }

  #body(source: RecordedMessage, headers: Record<string, unknown>): Buffer {
    const { random } = this.#options;
    if (random.chance(15)) return this.#mutateBytes(source.body);
    if (random.chance(30)) return Buffer.from(jsonText(this.#call()));
    const parsed = parsedBody(source.body);
    const text =
      parsed === undefined || random.chance(2)
        ? hostileText(random, 1_000_000)
        : jsonText(random.chance(90) ? mutateValue(parsed, random, this.#replacement) : parsed);
    const body = Buffer.from(text);
    if (random.chance(5)) return this.#compressed(body, headers);
    // rarely, as each takes as long to make as hundreds of others
    return random.int(1, 500) === 1 ? this.#bomb(headers) : body;
  }

  /** The body of a call whose callbacks, errbacks and chain are there, mostly. */
  #call(): unknown {
    const { random } = this.#options;
    const args = [random.chance(80) ? { num_1: random.int(-9, 9), num_2: 0.5 } : hostileValue(random)];
    const embed = Object.fromEntries(
      ['callbacks', 'errbacks', 'chain', 'chord'].map((name) => [
        name,
        random.chance(70)
          ? null
          : random.chance(80)
            ? [this.#signatures(random.int(0, 3))]
            : hostileValue(random),
      ]),
    );
    return [args, random.chance(95) ? {} : hostileValue(random), embed];
  }

  /** A value for a place in the body: hostile ones, and signatures, which the worker follows. */
  readonly #replacement = (random: Random): unknown =>
    random.chance(25) ? this.#signatures(random.int(1, 4)) : hostileValue(random);

  #signatures(depth: number): unknown {
    const { random, tasks } = this.#options;
    const name = random.chance(40)
      ? random.pick(['celery.group', 'celery.chain', 'celery.chord'])
      : random.pick(tasks);
    const inner = (): unknown[] =>
      depth <= 0 ? [] : Array.from({ length: random.int(0, 3) }, () => this.#signatures(depth - 1));
    const options = random.chance(50)
      ? {
          link: inner(),
          headers: { x: random.pick([1, 'a', new JsonNumber('NaN')]) },
          priority: random.int(-1, 300),
        }
      : hostileValue(random, 2);
    const kwargs = name.startsWith('celery.') ? { tasks: inner(), header: inner(), body: inner()[0] } : {};
    const args = random.chance(70) ? [{ num_1: 1, num_2: 2 }] : [hostileValue(random, 2)];
    const signature = {
      task: name,
      args,
      kwargs,
      options,
      subtask_type: name.slice(7) || null,
      immutable: random.chance(50),
    };
    return random.chance(90) ? signature : [signature, signature];
  }

  #mutateBytes(body: Buffer): Buffer {
    const { random } = this.#options;
    if (random.chance(10)) return body.subarray(0, random.int(0, body.length));
    const copy = Buffer.from(body);
    if (copy.length > 0)
      for (let count = random.int(1, 8); count > 0; count--)
        copy[random.int(0, copy.length - 1)] = random.int(0, 255);
    return copy;
  }

  #compressed(body: Buffer, headers: Record<string, unknown>): Buffer {
    const { random } = this.#options;
    headers['compression'] = random.pick(compressions);
    const packed = random.chance(50) ? gzipSync(body) : deflateSync(body);
    return random.chance(30) ? this.#mutateBytes(packed) : packed;
  }

  /** Some kilobytes that unpack to megabytes. */
  #bomb(headers: Record<string, unknown>): Buffer {
    const { random } = this.#options;
    headers['compression'] = 'application/x-gzip';
    const piece = random.pick(['[],', '{},', '0,', '"a",', '[[[[', '"\\u0000",', ' ']);
    const text = `[[${piece.repeat((random.int(1, 16) * 1_048_576) / piece.length)}0],{},{}]`;
    return random.pick([gzipSync, deflateSync])(text, { level: constants.Z_BEST_SPEED });
  }
}

function parsedBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined; // binary, or broken on purpose
  }
}

/** What an AMQP header table can carry: short names, integers of 64 bits, finite numbers, some nesting. */
function wireTable(table: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(table).map(([name, value]) => [shortText(name), wireValue(value, depth)]),
  );
}

/** At most the 255 bytes of a short string. */
function shortText(text: string): string {
  return wellFormed(text.slice(0, 60));
}

/** Half a surrogate pair becomes U+FFFD, as in UTF-8. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString('utf8');
}

function wireValue(value: unknown, depth: number): unknown {
  if (value instanceof JsonNumber) {
    const number = Number(value.text);
    return Number.isSafeInteger(number) || (Number.isFinite(number) && !Number.isInteger(number))
      ? number
      : value.text.slice(0, 500);
  }
  if (typeof value === 'string') return wellFormed(value.slice(0, 10_000));
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= 20) return null;
  return Array.isArray(value)
    ? value.slice(0, 2000).map((member: unknown) => wireValue(member, depth + 1))
    : wireTable(value, depth + 1);
}
