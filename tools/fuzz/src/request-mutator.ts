import { hostileText } from './hostile-text.ts';
import { hostileValue, jsonText, mutateValue } from './json-value.ts';
import type { Operation } from './openapi-operations.ts';
import type { Random } from './random.ts';

/** A request as it goes over the socket. */
export interface FuzzedRequest {
  readonly bytes: Buffer;
  /** Whether a server can tell where it ends: if not, it may close without an answer. */
  readonly isWhole: boolean;
}

const methods = [
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'PROPFIND',
  'get',
  'NONSENSE',
] as const;
const contentTypes = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json; charset=utf-16',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json, text/plain',
  '',
] as const;

/**
 * Makes requests out of the operations of an OpenAPI document: a parameter, a place in the body, a header, the head or the
 * framing changed. Many are good requests still.
 */
export class RequestMutator {
  readonly #operations: readonly Operation[];
  readonly #random: Random;

  constructor(operations: readonly Operation[], random: Random) {
    this.#operations = operations;
    this.#random = random;
  }

  next(): FuzzedRequest {
    const random = this.#random;
    const withBody = this.#operations.filter(({ body }) => body !== undefined);
    // what takes a body has the most that can be wrong
    const operation = random.pick(random.chance(60) && withBody.length > 0 ? withBody : this.#operations);
    const method = random.chance(90) ? operation.method : random.pick(methods);
    const body = this.#body(operation);
    const headers = this.#headers(body);
    const target = this.#target(operation);
    const head = `${method} ${target} HTTP/${random.chance(98) ? '1.1' : random.pick(['1.0', '2.0', '9'])}\r\n${headers.join('\r\n')}\r\n\r\n`;
    const whole = Buffer.concat([Buffer.from(head, 'latin1'), body]);
    if (random.chance(3))
      return { bytes: whole.subarray(0, random.int(0, whole.length - 1)), isWhole: false };
    if (random.chance(3)) return { bytes: this.#flipped(whole), isWhole: false };
    return { bytes: whole, isWhole: headers.some((line) => line === `Content-Length: ${body.length}`) };
  }

  #target({ parameters, path }: Operation): string {
    const random = this.#random;
    let target = path;
    const query: string[] = [];
    for (const { example, in: place, name } of parameters) {
      const value = random.chance(50) ? String(example) : this.#parameter(name);
      if (place === 'path') target = target.replace(`{${name}}`, () => encoded(value));
      else if (place === 'query') query.push(`${encoded(name)}=${encoded(value)}`);
    }
    if (random.chance(10))
      query.push(`${encoded(hostileText(random, 3000))}=${encoded(hostileText(random, 3000))}`);
    if (random.chance(3)) target += random.pick(['/', '//', '/..', '/%2e%2e/', '%', '%zz', '#x', '/%00']);
    return query.length === 0 ? target : `${target}?${query.join('&')}`;
  }

  #parameter(name: string): string {
    const random = this.#random;
    // a call for thousands of calls is good, and would take the run for itself
    if (name === 'count')
      return random.pick(['0', '-1', '3', '1e3', '99999999999', '0x10', '٣', '', 'NaN', '2.5', '20']);
    return hostileText(random, 10_000);
  }

  #body({ body }: Operation): Buffer {
    const random = this.#random;
    if (body === undefined) return random.chance(90) ? Buffer.alloc(0) : Buffer.from(hostileText(random));
    if (random.chance(5)) return Buffer.from(hostileText(random, 1_200_000));
    const thinned = this.#thinned(body);
    const text = jsonText(random.chance(70) ? mutateValue(thinned, random, hostileValue) : thinned);
    const bytes = Buffer.from(text);
    return random.chance(10) ? this.#flipped(bytes) : bytes;
  }

  /** With some of its members: all of them at once contradict each other. Arguments are operands, mostly. */
  #thinned(value: unknown): unknown {
    const random = this.#random;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const members = Object.entries(value)
      .filter(([name]) => name === 'args' || random.chance(20))
      .map(([name, member]: [string, unknown]) => [
        name,
        name === 'args' && random.chance(80)
          ? [{ num_1: random.int(-9, 9), num_2: random.int(-9, 9) }]
          : this.#thinned(member),
      ]);
    return Object.fromEntries(members);
  }

  #headers(body: Buffer): string[] {
    const random = this.#random;
    const headers = [
      random.chance(97) ? 'Host: 127.0.0.1' : `Host: ${headerText(hostileText(random, 500))}`,
      'Connection: close',
      random.chance(90) ? 'Content-Type: application/json' : `Content-Type: ${random.pick(contentTypes)}`,
      random.chance(95)
        ? `Content-Length: ${body.length}`
        : random.pick([
            'Transfer-Encoding: chunked',
            'Content-Length: -1',
            'Content-Length: 99999999999',
            'X: y',
          ]),
    ];
    if (random.chance(10))
      headers.push(
        `${random.pick(['Accept', 'X-Request-Id', 'Idempotency-Key', 'Prefer', 'Origin', 'Cookie', 'traceparent', 'If-None-Match'])}: ${headerText(hostileText(random, 12_000))}`,
      );
    return headers;
  }

  #flipped(bytes: Buffer): Buffer {
    const random = this.#random;
    const copy = Buffer.from(bytes);
    if (copy.length > 0)
      for (let count = random.int(1, 4); count > 0; count--)
        copy[random.int(0, copy.length - 1)] = random.int(0, 255);
    return copy;
  }
}

/** As in a URL; half a surrogate pair, which has no encoding, becomes U+FFFD. */
function encoded(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString('utf8'));
}

/** One line of bytes. */
function headerText(text: string): string {
  return Buffer.from(text.replaceAll('\r', ' ').replaceAll('\n', ' ').replaceAll('\0', ' ')).toString(
    'latin1',
  );
}
