import { float } from './python-float.ts';
import { PythonScalar } from './python-scalar.ts';
import { callOptions, routeOptions, type SignatureOptions } from './signature-options.ts';

const now = new Date('2026-11-22T10:24:12.805Z');

function inSeconds(seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}

describe('callOptions', () => {
  it.each<[string, SignatureOptions, object]>([
    ['priority', { priority: 3 }, { priority: 3 }],
    ['a number that came as a float', { priority: float(3) }, { priority: 3 }],
    ['retries', { retries: 2n }, { retries: 2 }],
    ['reply_to', { reply_to: 'replies' }, { replyTo: 'replies' }],
    ['an empty text, which means none', { reply_to: '' }, { replyTo: undefined }],
    ['group_id, group_index', { group_id: 'g', group_index: 1 }, { group: 'g', groupIndex: 1 }],
    ['a group id that is a UUID', { group_id: new PythonScalar('uuid', '12345678-1234-5678-1234-567812345678') }, { group: '12345678-1234-5678-1234-567812345678' }], // prettier-ignore
    ['shadow', { shadow: 'other' }, { shadow: 'other' }],
    ['ignore_result', { ignore_result: true }, { ignoreResult: true }],
    ['replaced_task_nesting', { replaced_task_nesting: 1 }, { replacedTaskNesting: 1 }],
    ['limits, in seconds', { time_limit: 5, soft_time_limit: float(2.5) }, { timeLimits: { hardMs: 5000, softMs: 2500 } }], // prettier-ignore
    ['a countdown', { countdown: 10 }, { eta: inSeconds(10) }],
    ['a countdown of 0, which is none', { countdown: 0 }, { eta: undefined }],
    [
      'a countdown, which wins over an eta',
      { countdown: 1, eta: '2030-01-01T00:00:00' },
      { eta: inSeconds(1) },
    ],
    ['an eta as text', { eta: '2030-01-01T00:00:00+02:00' }, { eta: new Date('2029-12-31T22:00:00Z') }],
    ['an eta as a datetime', { eta: new PythonScalar('datetime', '2030-01-01T00:00:00+00:00') }, { eta: new Date('2030-01-01T00:00:00Z') }], // prettier-ignore
    ['seconds to live', { expires: 60 }, { expires: inSeconds(60) }],
    ['a date of expiry', { expires: '2030-01-01T00:00:00Z' }, { expires: new Date('2030-01-01T00:00:00Z') }],
    ['headers', { headers: { a: float(2), b: [new PythonScalar('decimal', '1.10')] } }, { headers: { a: 2, b: ['1.10'] } }], // prettier-ignore
    ['stamps', { stamped_headers: ['s', 'gone'], s: ['v'] }, { stampedHeaders: ['s', 'gone'], stamps: { s: ['v'] } }], // prettier-ignore
    ['one callback', { link: { task: 'a' } }, { embed: { callbacks: [{ task: 'a' }], errbacks: null, chord: null } }], // prettier-ignore
    ['errbacks, and an empty list of callbacks', { link: [], link_error: [{ task: 'a' }] }, { embed: { callbacks: null, errbacks: [{ task: 'a' }], chord: null } }], // prettier-ignore
    ['the body of a chord', { chord: { task: 'sum' } }, { embed: { callbacks: null, errbacks: null, chord: { task: 'sum' } } }], // prettier-ignore
  ])('reads %s', (_what, options, expected) => {
    expect(callOptions(options, now)).toMatchObject(expected);
  });

  it('takes null for everything that is not given, and ignores what is no option of a task', () => {
    const names = [
      'priority',
      'reply_to',
      'countdown',
      'eta',
      'expires',
      'link',
      'chord',
      'headers',
      'root_id',
    ];
    const nulls = Object.fromEntries(names.map((name) => [name, null]));
    const noise = { add_to_parent: false, producer: null, chain: [], serializer: 'json', made_up: 1 };
    expect(callOptions({ ...nulls, ...noise }, now)).toEqual(callOptions({}, now));
  });

  it.each<[string, SignatureOptions, string]>([
    ['priority', { priority: '3' }, "option priority of a signature must be a number or null, got '3'"],
    ['countdown', { countdown: NaN }, 'option countdown of a signature must be a number or null, got nan'],
    [
      'eta',
      { eta: 'tomorrow' },
      "option eta of a signature must be an ISO 8601 text or null, got 'tomorrow'",
    ],
    ['eta', { eta: 5 }, 'option eta of a signature must be an ISO 8601 text or null, got 5'],
    ['reply_to', { reply_to: ['q'] }, "option reply_to of a signature must be a string or null, got ['q']"],
    ['headers', { headers: 'h' }, "option headers of a signature must be an object or null, got 'h'"],
    ['link', { link: [{ name: 'a' }] }, "option link of a signature must be a signature, a list of signatures or null, got [{'name': 'a'}]"], // prettier-ignore
    ['chord', { chord: 'sum' }, "option chord of a signature must be a signature or null, got 'sum'"],
    ['stamped_headers', { stamped_headers: 's' }, "option stamped_headers of a signature must be a list of names or null, got 's'"], // prettier-ignore
  ])('refuses a %s that cannot be one', (_option, options, message) => {
    let thrown: unknown;
    try {
      callOptions(options, now);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'ERR_INVALID_TASK', reason: 'embed-invalid', message });
  });
});

describe('routeOptions', () => {
  it.each<[string, SignatureOptions, object]>([
    ['nothing', {}, {}],
    ['a queue', { queue: 'q' }, { queue: 'q' }],
    ['exchange and routing key', { exchange: 'x', routing_key: 'k' }, { exchange: 'x', routingKey: 'k' }],
    ['both, where the exchange wins', { queue: 'q', exchange: 'x', routing_key: 'k' }, { exchange: 'x', routingKey: 'k' }], // prettier-ignore
    ['an exchange alone, which does not count', { exchange: 'x', queue: 'q' }, { queue: 'q' }],
    ['a routing key alone, which does not count', { routing_key: 'k' }, {}],
  ])('reads %s', (_what, options, expected) => {
    expect(routeOptions(options)).toEqual({ ...expected });
  });

  it('refuses a queue that is no name', () => {
    expect(() => routeOptions({ queue: { name: 'q' } })).toThrow(
      "option queue of a signature must be a string or null, got {'name': 'q'}",
    );
  });
});
