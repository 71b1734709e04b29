import { constants, deflateSync } from 'node:zlib';
import { readContent } from './content.ts';
import { measureJson } from './json-text.ts';
import { DecodeError, type ProtocolFailureReason } from './protocol-error.ts';
import { openTaskMessage } from './open-task-message.ts';
import { writeMsgpack } from './serialization/write-msgpack.ts';

const maxBodyValues = 10_000;
const acceptContent = ['json', 'msgpack', 'yaml'];

function reasonOf(body: Buffer, contentType: string, headers = {}): ProtocolFailureReason | undefined {
  try {
    readContent({ body, headers, properties: { contentType } }, { acceptContent, maxBodyValues }, 'number');
    return undefined;
  } catch (error) {
    if (error instanceof DecodeError) return error.reason;
    throw error;
  }
}

const many = 20_000;
const jsonTexts: readonly [string, string][] = [
  ['arrays', `[${'[],'.repeat(many)}0]`],
  ['objects', `[${'{},'.repeat(many)}0]`],
  ['numbers', `[${'1,'.repeat(many)}0]`],
  ['floats', `[${'1.5,'.repeat(many)}0]`],
  ['strings', `[${'"",'.repeat(many)}0]`],
  ['members', `{${Array.from({ length: many }, (_, index) => `"k${String(index)}":1`).join(',')}}`],
  ['nested objects', `[${'{"a":{"a":{}}},'.repeat(many / 4)}0]`],
  ['large ints', `[${'12345678901234567890,'.repeat(many)}0]`],
  ['NaN', `[${'NaN,'.repeat(many)}0]`],
  ['envelopes', `[${'{"__type__":"bytes","__value__":""},'.repeat(many / 4)}0]`],
  ['text that breaks off', `[${'[],'.repeat(many)}`],
];

describe('the number of values in a body', () => {
  it.each(jsonTexts)('is limited in JSON made of %s', (_, text) => {
    expect(reasonOf(Buffer.from(text), 'application/json')).toBe('too-many-values');
  });

  it.each(jsonTexts.slice(0, 10))('is counted the same by both readers of JSON: %s', (_, text) => {
    // minus zero as an integer is what the native reader reads otherwise
    const { values } = measureJson(text, 1000, Infinity);
    const counted = (max: number): ProtocolFailureReason | undefined => {
      try {
        const body = Buffer.from(text.replace(/^\[/, '[-0,').replace(/^\{/, '{"z":-0,'));
        const message = { body, headers: {}, properties: { contentType: 'application/json' } };
        readContent(message, { maxBodyValues: max }, 'number');
        return undefined;
      } catch (error) {
        return (error as DecodeError).reason;
      }
    };
    const added = text.startsWith('[') ? 1 : 2;
    expect([counted(values + added), counted(values + added - 1)]).toEqual([undefined, 'too-many-values']);
  });

  it.each([
    ['a long text', JSON.stringify(['x'.repeat(100_000)])],
    ['a text of brackets and commas', JSON.stringify(['[],{},"'.repeat(100_000)])],
    ['many blanks', `[1,${' '.repeat(100_000)}2]`],
  ])('is not that of the characters: %s', (_, text) => {
    expect(reasonOf(Buffer.from(text), 'application/json')).toBeUndefined();
  });

  it('is limited in what a small body unpacks to', () => {
    const body = deflateSync(Buffer.from(`[${'[],'.repeat(5_000_000)}0]`), { level: constants.Z_BEST_SPEED });
    expect(reasonOf(body, 'application/json', { compression: 'application/x-gzip' })).toBe('too-many-values');
  });

  it.each<[string, Buffer]>([
    ['lists', writeMsgpack(Array.from({ length: many }, () => []))],
    ['dicts', writeMsgpack(Array.from({ length: many }, () => ({})))],
    ['ints', writeMsgpack(Array.from({ length: many }, () => 1))],
    [
      'lists of one',
      Buffer.concat([Buffer.from([0xdd, 0, 0, 0x4e, 0x20]), Buffer.alloc(40_000, '91c0', 'hex')]),
    ],
  ])('is limited in msgpack made of %s', (_, body) => {
    expect(reasonOf(body, 'application/x-msgpack')).toBe('too-many-values');
  });

  it.each([
    ['lists', `[${'[],'.repeat(many)}]`],
    ['nulls', '-\n'.repeat(many)],
    ['keys', '? a\n'.repeat(many)],
    ['anchors', `[${'&a b,'.repeat(many)}]`],
  ])('is limited in YAML made of %s', (_, text) => {
    expect(reasonOf(Buffer.from(text), 'application/x-yaml')).toBe('too-many-values');
  });

  it('does not stand in the way of a message of the usual kind', () => {
    expect(reasonOf(Buffer.from('[[1, 2], {"a": [1.5]}, {}]'), 'application/json')).toBeUndefined();
    expect(reasonOf(Buffer.from('- [1, 2]\n- {a: b}\n'), 'application/x-yaml')).toBeUndefined();
  });
});

describe('what a body takes in memory', () => {
  const properties = { contentType: 'application/json' };
  const headers = { task: 'work', id: 'i' };

  it('is told once it was read', () => {
    const body = Buffer.from(`[[${'[],'.repeat(10_000)}0], {}, {}]`);
    const opened = openTaskMessage({ body, headers, properties });
    expect(opened.decodedBytes).toBe(0);
    opened.readBody();
    expect(opened.decodedBytes).toBeGreaterThan(10_000 * 43);
  });

  it.each([
    ['protocol 2', headers, '[[1], {"a": 2}, {}]'],
    ['protocol 1', {}, '{"task": "work", "id": "i", "args": [1], "kwargs": {"a": 2}}'],
    ['both', headers, '{"args": [1], "kwargs": {"a": 2}}'],
  ])('is let go, and read again when asked for: %s', (_, given, text) => {
    const opened = openTaskMessage({ body: Buffer.from(text), headers: given, properties });
    const request = opened.readRequest();
    opened.releaseBody();
    const { args, kwargs } = opened.readBody();
    expect([args, kwargs]).toEqual([[1], { a: 2 }]);
    expect(opened.readRequest()).toBe(request);
  });
});
