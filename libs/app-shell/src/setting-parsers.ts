import { parseBrokerUrls } from '@celeriac/amqp-transport';
import { ImproperlyConfiguredError } from '@celeriac/primitives';
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
    parse: (text) =>
      /^\d+(\.\d+)?$/.test(text) ? within(Math.round(Number(text) * 1000), 1, mostSeconds * 1000) : undefined,
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

/** A name that goes over the wire as an AMQP short string. */
export const queueName: SettingParser<string> = {
  type: 'text',
  allowed: 'a queue name of at most 255 bytes',
  parse: (text) => (Buffer.byteLength(text) <= 255 ? text : undefined),
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

const contentTypes: ReadonlyMap<string, string> = new Map([
  ['json', 'json'],
  ['application/json', 'json'],
]);

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
    'reserved characters of user, password and vhost percent-encoded',
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

function within(value: number, least: number, most: number): number | undefined {
  return value >= least && value <= most ? value : undefined;
}
