import { parseBrokerUrls } from '@celeriac/amqp-transport';
import { ImproperlyConfiguredError } from '@celeriac/primitives';
import {
  resolveSerializer,
  serializerNames,
  writableCompressions,
  type CompressionName,
  type SerializerName,
} from '@celeriac/protocol';
import { nodeNameExpansions, unknownExpansions } from './node-name.ts';

/** How the text of a variable becomes a value. */
export interface SettingParser<T> {
  /** What the value must be, in words that follow "must be": `a whole number from 1 to 65535`. */
  readonly allowed: string;
  /** The same in few words, for the table in docs/settings.md. */
  readonly type: string;
  /** The value, or undefined when the text is not allowed. The text is never empty. */
  parse(text: string): T | undefined;
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
  ['yes', true],
  ['no', false],
  ['on', true],
  ['off', false],
  ['1', true],
  ['0', false],
]);

/** Celery's words for a truth value, in any case. Source: Celery 5.7.0, celery/utils/serialization.py `strtobool`. */
export const boolean: SettingParser<boolean> = {
  type: 'boolean',
  allowed: `one of ${[...booleans.keys()].join(', ')}`,
  parse: (text) => booleans.get(text.toLowerCase()),
};

/** A whole number in decimal digits, both limits included. */
export function integer(least: number, most: number): SettingParser<number> {
  return {
    type: `integer, ${least} to ${most}`,
    allowed: `a whole number from ${least} to ${most}`,
    parse: (text) => (/^\d+$/.test(text) ? within(Number(text), least, most) : undefined),
  };
}

/** A time given in seconds, in steps of a millisecond, and kept in milliseconds. */
export function secondsAsMs(mostSeconds: number): SettingParser<number> {
  return {
    type: 'seconds',
    allowed: `a number of seconds such as 5 or 0.25, more than 0 and at most ${mostSeconds}`,
    parse: (text) => msWithin(text, 1, mostSeconds),
  };
}

/** A time given in seconds, or 0, kept in milliseconds. */
export function secondsOrZeroAsMs(mostSeconds: number): SettingParser<number> {
  return {
    type: 'seconds, or 0',
    allowed: `0 or a number of seconds such as 5 or 0.25, at most ${mostSeconds}`,
    parse: (text) => msWithin(text, 0, mostSeconds),
  };
}

/** One of several words, in any case, each standing for a value. */
export function oneOf<T extends string | number>(words: Readonly<Record<string, T>>): SettingParser<T> {
  const meanings = new Map(Object.entries(words));
  return {
    type: [...meanings.keys()].join(', '),
    allowed: `one of ${[...meanings.keys()].join(', ')}`,
    parse: (text) => meanings.get(text.toLowerCase()),
  };
}

/** The very name of a signal. */
export function signalName<T extends NodeJS.Signals>(signal: T): SettingParser<T> {
  return {
    type: signal,
    allowed: signal,
    parse: (text) => (text === signal ? signal : undefined),
  };
}

/** A name that goes over the wire as an AMQP short string. */
export const queueName: SettingParser<string> = {
  type: 'text',
  allowed: 'a queue name of at most 255 bytes',
  parse: (text) => (Buffer.byteLength(text) <= 255 ? text : undefined),
};

/** Names of queues, separated by commas; the option -Q of `celery worker`. */
export const queueNames: SettingParser<readonly string[]> = {
  type: 'list',
  allowed: 'a comma-separated list of queue names, each of at most 255 bytes',
  parse: (text) => {
    const names = text.split(',').map((name) => name.trim());
    return names.every((name) => name !== '' && queueName.parse(name) !== undefined)
      ? [...new Set(names)]
      : undefined;
  },
};

/** Starts of a task in a time, as text; the worker makes a number of it. */
export const rateLimit: SettingParser<string> = {
  type: 'rate',
  allowed: 'a number of starts per second, minute or hour such as 10/s, 100/m or 5/h',
  parse: (text) => (/^\d+(\.\d+)?(\/[smh])?$/.test(text) ? text : undefined),
};

/** Celery's names of pools, and ours, each for one of ours. */
const pools = {
  eventloop: 'eventloop',
  solo: 'solo',
  threads: 'threads',
  processes: 'processes',
  prefork: 'processes',
} as const;

/** Where tasks run. */
export const workerPool: SettingParser<(typeof pools)[keyof typeof pools]> = {
  ...oneOf(pools),
  allowed: `${oneOf(pools).allowed} (gevent and eventlet are eventloop here: tasks that wait share one thread)`,
};

/** A path with the expansions of a node name, unexpanded. */
export const nodePath: SettingParser<string> = {
  type: 'path',
  allowed: `a path, with the expansions ${nodeNameExpansions.join(', ')} of the node name and no other`,
  parse: (text) => (unknownExpansions(text).length === 0 && !text.includes('\0') ? text : undefined),
};

/** A node name with Celery's expansions, unexpanded. */
export const nodeName: SettingParser<string> = {
  type: 'text',
  allowed: `a name such as worker1@%h, with the expansions ${nodeNameExpansions.join(', ')} and no other`,
  parse: (text) => (unknownExpansions(text).length === 0 ? text : undefined),
};

/** An address to listen on. */
export const host: SettingParser<string> = {
  type: 'text',
  allowed: 'a host name or an IP address, without scheme and port',
  parse: (text) => (/^(?:[\w.-]+|[\da-f]*:[\da-f:.]+(?:%\w+)?)$/i.test(text) ? text : undefined),
};

/** Host names and IP addresses as a `Host` header has them, without ports, separated by commas. */
export const hostNames: SettingParser<readonly string[]> = {
  type: 'list',
  allowed:
    'a comma-separated list of host names or IP addresses without ports, such as tasks.example.com or [2001:db8::1]',
  parse: (text) => {
    const names = text.split(',').map((name) => name.trim());
    return names.every((name) => /^(?:[\w.-]+|\[[\da-f:.]+\])$/i.test(name))
      ? [...new Set(names)]
      : undefined;
  },
};

/** How bodies are written, by kombu's names. */
export const serializer: SettingParser<SerializerName> = {
  type: serializerNames.join(', '),
  allowed: `one of ${serializerNames.join(', ')}`,
  parse: (text) => serializerNames.find((name) => name === text.toLowerCase()),
};

/** How bodies that are written are compressed, by kombu's names. Which there are depends on the version of Node. */
export const compression: SettingParser<CompressionName> = {
  type: 'compression',
  allowed: `one of ${writableCompressions.join(', ')}`,
  parse: (text) => writableCompressions.find((name) => name === text.toLowerCase()),
};

const contentTypes: ReadonlyMap<string, string> = new Map(
  serializerNames.flatMap((name) => [
    [name, name],
    [resolveSerializer(name).contentType, name],
  ]),
);

/** The serializers whose messages are read, by name or by MIME type, separated by commas. */
export const acceptContent: SettingParser<readonly string[]> = {
  type: 'list',
  allowed: `a comma-separated list of ${[...contentTypes.keys()].join(', ')} (pickle runs code of the sender and is never read)`,
  parse: (text) => {
    const names = text.split(',').map((name) => contentTypes.get(name.trim()));
    return names.every((name) => name !== undefined) ? [...new Set(names)] : undefined;
  },
};

/** One broker URL, or several separated by `;`, checked as the transport will read it and kept as it is written. */
export const brokerUrl: SettingParser<string> = {
  type: 'URL',
  allowed:
    'amqp://user:password@host:port/vhost, with scheme amqp, amqps, pyamqp or pyamqps, several separated by ";", ' +
    'with / ? and # in user and password as %2F, %3F and %23',
  parse: (text) => {
    try {
      parseBrokerUrls(text);
      return text;
    } catch (error) {
      if (error instanceof ImproperlyConfiguredError) return undefined;
      throw error;
    }
  },
};

function msWithin(text: string, leastMs: number, mostSeconds: number): number | undefined {
  if (!/^\d+(\.\d+)?$/.test(text)) return undefined;
  return within(Math.round(Number(text) * 1000), leastMs, mostSeconds * 1000);
}

function within(value: number, least: number, most: number): number | undefined {
  return value >= least && value <= most ? value : undefined;
}
