import * as zlib from 'node:zlib';
import {
  acceptContent,
  boolean,
  brokerUrl,
  compression,
  host,
  hostNames,
  integer,
  nodeName,
  nodePath,
  oneOf,
  queueName,
  queueNames,
  rateLimit,
  secondsAsMs,
  secondsOrZeroAsMs,
  serializer,
  signalName,
  workerPool,
} from './setting-parsers.ts';

describe('boolean', () => {
  it.each([
    ['true', true],
    ['True', true],
    ['YES', true],
    ['on', true],
    ['1', true],
    ['false', false],
    ['no', false],
    ['Off', false],
    ['0', false],
    ['t', undefined],
    ['2', undefined],
    [' true', undefined],
  ])('reads %j as %p', (text, value) => {
    expect(boolean.parse(text)).toBe(value);
  });
});

describe('integer', () => {
  it.each([
    ['1', 1],
    ['007', 7],
    ['10', 10],
    ['0', undefined],
    ['11', undefined],
    ['-1', undefined],
    ['+1', undefined],
    ['1.0', undefined],
    ['0x1', undefined],
    ['99999999999999999999', undefined],
  ])('reads %j, from 1 to 10, as %p', (text, value) => {
    expect(integer(1, 10).parse(text)).toBe(value);
  });
});

describe('secondsAsMs', () => {
  it.each([
    ['5', 5000],
    ['0.25', 250],
    ['0.0014', 1],
    ['100', 100_000],
    ['100.001', undefined],
    ['0', undefined],
    ['0.0004', undefined],
    ['.5', undefined],
    ['5s', undefined],
    ['-1', undefined],
    ['1e1', undefined],
    ['nan', undefined],
  ])('reads %j, at most 100, as %p', (text, value) => {
    expect(secondsAsMs(100).parse(text)).toBe(value);
  });
});

describe('secondsOrZeroAsMs', () => {
  it.each([
    ['0', 0],
    ['0.0', 0],
    ['0.25', 250],
    ['100', 100_000],
    ['100.001', undefined],
    ['-1', undefined],
    ['', undefined],
  ])('reads %j, at most 100, as %p', (text, value) => {
    expect(secondsOrZeroAsMs(100).parse(text)).toBe(value);
  });
});

describe('signalName', () => {
  it.each([
    ['SIGQUIT', 'SIGQUIT'],
    ['sigquit', undefined],
    ['QUIT', undefined],
    ['SIGTERM', undefined],
  ])('reads %j as %p', (text, value) => {
    expect(signalName('SIGQUIT').parse(text)).toBe(value);
  });
});

describe('rateLimit', () => {
  it.each(['10', '10/s', '0.5/m', '100/h', '0'])('takes %s as it is', (text) => {
    expect(rateLimit.parse(text)).toBe(text);
  });

  it.each(['10/d', '/m', 'ten', '-1/s', '10 /s', '1e3', '10/'])('refuses %s', (text) => {
    expect(rateLimit.parse(text)).toBeUndefined();
  });
});

describe('workerPool', () => {
  it.each([
    ['eventloop', 'eventloop'],
    ['threads', 'threads'],
    ['processes', 'processes'],
    ['prefork', 'processes'],
    ['SOLO', 'solo'],
    ['gevent', undefined],
    ['eventlet', undefined],
  ])('reads %j as %p', (text, value) => {
    expect(workerPool.parse(text)).toBe(value);
  });

  it('says what stands in for the pools that it does not have', () => {
    expect(workerPool.allowed).toBe(
      'one of eventloop, solo, threads, processes, prefork (gevent and eventlet are eventloop here: tasks that wait share one thread)',
    );
  });
});

describe('queueNames', () => {
  it.each([
    ['a', ['a']],
    [' a, b ,a', ['a', 'b']],
    ['a,', undefined],
    [',', undefined],
    [`a,${'é'.repeat(128)}`, undefined],
  ])('reads %j as %p', (text, value) => {
    expect(queueNames.parse(text)).toEqual(value);
  });
});

describe('hostNames', () => {
  it.each([
    ['tasks.example.com', ['tasks.example.com']],
    [' a, 192.0.2.1 ,[::1],a', ['a', '192.0.2.1', '[::1]']],
    ['a:8000', undefined],
    ['::1', undefined],
    ['http://a', undefined],
    ['*', undefined],
    ['a,', undefined],
  ])('reads %j as %p', (text, value) => {
    expect(hostNames.parse(text)).toEqual(value);
  });
});

describe('nodePath', () => {
  it.each([
    ['/var/lib/celeriac/%n@%h.state', true],
    ['state', true],
    ['100%%', true],
    ['%i.state', false],
    ['a\0b', false],
  ])('takes %j: %p', (text, isAllowed) => {
    expect(nodePath.parse(text)).toBe(isAllowed ? text : undefined);
  });
});

describe('oneOf', () => {
  it.each([
    ['persistent', 2],
    ['Transient', 1],
    ['toString', undefined],
    ['__proto__', undefined],
  ])('reads %j as %p', (text, value) => {
    expect(oneOf({ persistent: 2, transient: 1 }).parse(text)).toBe(value);
  });
});

describe('acceptContent', () => {
  it.each([
    ['json', ['json']],
    ['application/json', ['json']],
    ['json , application/json', ['json']],
    ['json,', undefined],
    ['pickle', undefined],
    ['json,msgpack,application/x-yaml,yaml', ['json', 'msgpack', 'yaml']],
    ['json,toml', undefined],
  ])('reads %j as %p', (text, value) => {
    expect(acceptContent.parse(text)).toEqual(value);
  });
});

describe('serializer', () => {
  it.each([
    ['json', 'json'],
    ['MsgPack', 'msgpack'],
    ['yaml', 'yaml'],
    ['pickle', undefined],
  ])('reads %j as %p', (text, value) => {
    expect(serializer.parse(text)).toBe(value);
  });
});

describe('compression', () => {
  it.each([
    ['gzip', 'gzip'],
    ['ZLIB', 'zlib'],
    ['brotli', 'brotli'],
    ['bzip2', undefined],
    ['none', undefined],
  ])('reads %j as %p', (text, value) => {
    expect(compression.parse(text)).toBe(value);
  });

  it('takes zstd where Node writes it', () => {
    expect(compression.parse('zstd')).toBe('zstdCompressSync' in zlib ? 'zstd' : undefined);
  });
});

describe('queueName', () => {
  it('counts bytes, not characters', () => {
    expect(queueName.parse('é'.repeat(127))).toBe('é'.repeat(127));
    expect(queueName.parse('é'.repeat(128))).toBeUndefined();
  });
});

describe('nodeName', () => {
  it.each([
    ['w1@%h', true],
    ['w1.%h', true],
    ['%n.%d@box', true],
    ['100%%@box', true],
    ['w1@%x', false],
    ['w1@%', false],
    ['%p', false],
  ])('takes %j: %p', (text, isAllowed) => {
    expect(nodeName.parse(text)).toBe(isAllowed ? text : undefined);
  });
});

describe('host', () => {
  it.each(['localhost', 'a-b.example.org', '0.0.0.0', '::', '::1', 'fe80::1%eth0', 'my_host'])(
    'takes %s',
    (text) => {
      expect(host.parse(text)).toBe(text);
    },
  );

  it.each(['h:80', 'http://h', '[::1]', 'a b', 'h/'])('refuses %s', (text) => {
    expect(host.parse(text)).toBeUndefined();
  });
});

describe('brokerUrl', () => {
  it.each([
    'amqp://guest:guest@localhost:5672//',
    'amqp://',
    'pyamqp://h/v',
    'amqps://u:p%40ss@[::1]:5671/%2Fv',
    'amqp://a;amqp://b:1/v',
  ])('takes %s as it is', (text) => {
    expect(brokerUrl.parse(text)).toBe(text);
  });

  it.each(['h', 'redis://h', 'amqp://h:port', 'amqp://h:70000', 'amqp://u:p/q@h', ';'])(
    'refuses %s',
    (text) => {
      expect(brokerUrl.parse(text)).toBeUndefined();
    },
  );
});
