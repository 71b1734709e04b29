import { bestOfThree, hostileTexts } from '@celeriac/testing';
import { normalizeDatetime, normalizeTime } from './datetime-text.ts';
import { normalizeDecimal } from './decimal-text.ts';
import { derivedTaskId } from './derived-task-id.ts';
import { decodeException } from './exception.ts';
import { floatFromText } from './float-from-text.ts';
import { parseIsoformat } from './isoformat.ts';
import { originalRoutingKey } from './native-delayed-delivery.ts';
import { openTaskMessage } from './open-task-message.ts';
import { parseJson } from './parse-json.ts';
import { pythonRepr } from './python-repr.ts';
import { PythonScalar } from './python-scalar.ts';
import { saferepr } from './saferepr.ts';
import { yamlText } from './serialization/yaml-text.ts';
import { yamlScalar, yamlTypeOf, type YamlScalarType } from './serialization/yaml-scalar.ts';
import { TaskQueues } from './task-queues.ts';
import { TaskRouting } from './task-routes.ts';
import { decodeEnvelope } from './typed-values.ts';
import { writeJson } from './write-json.ts';

const routing = new TaskRouting({ '*a*0*:*pass*z': 'q', '*.[!0]*?': 'q' }, new TaskQueues({ queues: ['q'] }));
const yamlTypes: readonly YamlScalarType[] = ['bool', 'int', 'float', 'timestamp', 'binary'];
const typedValues = ['datetime', 'date', 'time', 'decimal', 'uuid', 'bytes', 'base64'];

/** Everything that is done with a text before a task sees it, or to show it. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  floatFromText,
  normalizeDecimal,
  normalizeDatetime,
  normalizeTime,
  parseIsoformat,
  derivedTaskId: (text) => derivedTaskId(text, text),
  parseJson,
  'parseJson of a string': (text) => parseJson(JSON.stringify(text)),
  'parseJson of typed values': (text) =>
    parseJson(JSON.stringify(typedValues.map((type) => ({ __type__: type, __value__: text })))),
  decodeEnvelope: (text) => {
    for (const type of typedValues) attempt(() => decodeEnvelope(type, text));
    attempt(() => decodeEnvelope('uuid', { hex: text }));
  },
  PythonScalar: (text) => {
    for (const kind of ['datetime', 'date', 'time', 'decimal', 'uuid'] as const)
      attempt(() => pythonRepr(new PythonScalar(kind, text)));
  },
  yamlTypeOf,
  yamlScalar: (text) => {
    for (const type of yamlTypes) attempt(() => yamlScalar(text, type, true));
  },
  yamlText,
  writeJson,
  pythonRepr,
  'pythonRepr of bytes': (text) => pythonRepr(Buffer.from(text)),
  saferepr: (text) => saferepr([text, { [text]: text }], 1024),
  'saferepr, all of it': (text) => saferepr([text, { [text]: text }], 10_000_000),
  decodeException: (text) => decodeException({ exc_type: text, exc_module: text, exc_message: [text] }),
  originalRoutingKey,
  task_routes: (text) => routing.resolveRoute(text, [], {}, {}),
  'headers of a message': (text) => {
    const names = ['id', 'task', 'root_id', 'eta', 'expires', 'argsrepr', 'origin', 'shadow', 'compression'];
    for (const name of names) {
      attempt(() =>
        openTaskMessage({
          properties: { contentType: 'application/json', contentEncoding: text, correlationId: text },
          headers: { id: 'i', task: 't', [name]: text },
          body: Buffer.from('[[], {}, {}]'),
        }).readRequest(),
      );
    }
    attempt(() =>
      openTaskMessage({
        properties: { contentType: text },
        headers: { task: 't', id: 'i' },
        body: Buffer.of(),
      }).readBody(),
    );
  },
};

/** What comes before and after the repetition: a beginning that is accepted, an end that is not. */
const frames: readonly (readonly [string, string])[] = [
  ['', '!'],
  ['1', 'x'],
  ['2026-11-22T10:24:12.', 'x'],
];

const size = 200_000;

describe.each(Object.entries(readers))('%s', (_name, read) => {
  it.each(frames)('takes linear time for the repetitions of anything between %j and %j', (begin, end) => {
    for (const piece of hostileTexts) {
      const text = begin + piece.repeat(size / piece.length) + end;
      const ms = bestOfThree(() => {
        attempt(() => read(text));
      });
      // some 10 ms on an idle machine, 200 where each character becomes six; quadratic time is a minute
      if (ms > 1500) throw new Error(`took ${ms} ms with ${JSON.stringify(piece)}`);
    }
  });
});

function attempt(read: () => unknown): void {
  try {
    read();
  } catch {
    // most of these texts are refused: how long that takes is the question
  }
}
