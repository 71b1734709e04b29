import { bestOfThree, hostileTexts } from '@celeriac/testing';
import { describeBroker, maskBrokerUrl, parseBrokerUrls, type BrokerAddress } from './broker-url.ts';

const local: BrokerAddress = {
  protocol: 'amqp',
  hostname: 'localhost',
  port: 5672,
  username: 'guest',
  password: 'guest',
  vhost: '/',
};

describe('parseBrokerUrls', () => {
  // kombu's `Connection(url).info()` gives the same for each of these; it cannot take `;` in a password, though
  it.each<[string, Partial<BrokerAddress>]>([
    ['amqp://', {}],
    ['amqp://localhost', {}],
    ['amqp://localhost:5673', { port: 5673 }],
    ['amqp://localhost:0/', { port: 5672 }],
    ['amqp://:5673/', { port: 5673 }],
    ['pyamqp://localhost', {}],
    ['amqps://localhost', { protocol: 'amqps', port: 5671 }],
    ['pyamqps://localhost:5672', { protocol: 'amqps', port: 5672 }],
    ['amqp://user:secret@rabbit', { username: 'user', password: 'secret', hostname: 'rabbit' }],
    ['amqp://user@rabbit', { username: 'user', password: 'guest', hostname: 'rabbit' }],
    ['amqp://user:@rabbit', { username: 'user', password: 'guest', hostname: 'rabbit' }],
    ['amqp://:secret@rabbit', { password: 'secret', hostname: 'rabbit' }],
    ['amqp://user:secret@/v', { username: 'user', password: 'secret', vhost: 'v' }],
    ['amqp://u%40x:p%3A%2F%25@rabbit', { username: 'u@x', password: 'p:/%', hostname: 'rabbit' }],
    ['amqp://u:p+q@rabbit/a+b', { username: 'u', password: 'p+q', hostname: 'rabbit', vhost: 'a+b' }],
    ['amqp://u:p;q@rabbit', { username: 'u', password: 'p;q', hostname: 'rabbit' }],
    ['amqp://localhost/', {}],
    ['amqp://localhost//', {}],
    ['amqp://localhost/%2F', {}],
    ['amqp://localhost/prod', { vhost: 'prod' }],
    ['amqp://localhost//prod', { vhost: '/prod' }],
    ['amqp://localhost/a/b', { vhost: 'a/b' }],
    ['amqp://localhost/a%2Fb', { vhost: 'a/b' }],
    ['amqp://localhost/100%25', { vhost: '100%' }],
    ['amqp://[::1]:5673/v', { hostname: '::1', port: 5673, vhost: 'v' }],
    ['  amqp://localhost  ', {}],
    ['AMQP://Rabbit', { hostname: 'rabbit' }],
    ['amqp://rabbit:', { hostname: 'rabbit' }],
    ['amqp://u:p%zz%@rabbit/%zz', { username: 'u', password: 'p%zz%', hostname: 'rabbit', vhost: '%zz' }],
    ['amqp://u:p@q:r@rabbit', { username: 'u', password: 'p@q:r', hostname: 'rabbit' }],
    [
      'amqp://ü:ß ^|{}<>`"\\~@rabbit/é',
      { username: 'ü', password: 'ß ^|{}<>`"\\~', hostname: 'rabbit', vhost: 'é' },
    ],
    ['amqp://u:%C3%9F%FF@rabbit', { username: 'u', password: 'ß\u{fffd}', hostname: 'rabbit' }],
    ['amqp://localhost/a/../b', { vhost: 'a/../b' }],
    ['amqp://localhost/v?heartbeat=5#f', { vhost: 'v' }],
  ])('parses %s', (url, expected) => {
    expect(parseBrokerUrls(url)).toEqual([{ ...local, ...expected }]);
  });

  it('parses several URLs in their order, and skips empty ones', () => {
    const addresses = parseBrokerUrls('amqp://one; amqp://two:5673//;;amqps://u:p@three/v;');
    expect(addresses.map(describeBroker)).toEqual([
      'amqp://one:5672',
      'amqp://two:5673',
      'amqps://three:5671/v',
    ]);
  });

  it.each([
    ['', 'broker_url is empty'],
    [' ; ', 'broker_url is empty'],
    ['localhost:5672', 'broker_url has no scheme'],
    ['user:hunter2@rabbit', 'broker_url has no scheme'],
    ['constructor://localhost', 'scheme constructor'],
    ['redis://localhost', 'scheme redis'],
    ['amqp://rabbit:port', 'is not a URL'],
    ['amqp://rabbit:99999', 'is not a URL'],
    ['amqp://user:pass/word@rabbit', 'in user and password as %2F'],
  ])('refuses %j and says why', (url, reason) => {
    expect(() => parseBrokerUrls(url)).toThrow(reason);
    expect(() => parseBrokerUrls(url)).toThrow(
      expect.objectContaining({ code: 'ERR_IMPROPERLY_CONFIGURED' }) as Error,
    );
  });

  it.each([
    'amqp://user:hunter2@rabbit:99999',
    'amqp://user:hun%ter2@rabbit:x',
    'user:hunter2@rabbit',
    'user:hunter2',
    'amqp://user:hunter2 hunter2@rabbit:99999',
    'amqp://user:hunter2/hunter2@rabbit',
    'amqp://user:hunter2@hunter2@rabbit:x',
    'amqp://user:hunter2;hunter2@rabbit:x',
    'amqp://user:hunter2',
    'amqp://user:hunter2#?@rabbit:x',
    'redis://:hunter2@rabbit',
    'amqp://fine:hunter2@one;amqp://user:hunter2@two:99999',
  ])('keeps the password of %s out of the message', (url) => {
    let message = '';
    try {
      parseBrokerUrls(url);
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toContain('broker_url');
    expect(message).not.toContain('hun');
  });
});

describe('maskBrokerUrl', () => {
  it.each([
    ['amqp://user:secret@rabbit:5672/v', 'amqp://user:********@rabbit:5672/v'],
    ['amqp://user@rabbit/v', 'amqp://user@rabbit/v'],
    ['amqp://rabbit:5672/v', 'amqp://rabbit:5672/v'],
    ['amqp://[::1]:5672/v', 'amqp://[::1]:5672/v'],
    ['amqp://:secret@rabbit', 'amqp://:********@rabbit'],
    ['amqp://a:one@x;amqp://b:two@y', 'amqp://a:********@x;amqp://b:********@y'],
    ['amqp://a:on;e@x;amqps://b:two@y', 'amqp://a:********@x;amqps://b:********@y'],
    ['no url at all', 'no url at all'],
  ])('shows %s as %s', (url, masked) => {
    expect(maskBrokerUrl(url)).toBe(masked);
  });
});

describe('describeBroker', () => {
  it.each<[Partial<BrokerAddress>, string]>([
    [{}, 'amqp://localhost:5672'],
    [{ protocol: 'amqps', hostname: '::1', port: 5671 }, 'amqps://[::1]:5671'],
    [{ vhost: 'a/b', password: 'secret' }, 'amqp://localhost:5672/a%2Fb'],
  ])('shows %j without credentials as %s', (address, described) => {
    expect(describeBroker({ ...local, ...address })).toBe(described);
  });
});

describe.each([
  ['maskBrokerUrl', maskBrokerUrl],
  ['parseBrokerUrls', parseBrokerUrls],
] as const)('%s', (_name, read) => {
  it.each(hostileTexts)('takes linear time for 1 MB of %j', (piece) => {
    const text = `amqp://${piece.repeat(1_000_000 / piece.length)}`;

    const ms = bestOfThree(() => {
      try {
        read(text);
      } catch {
        // most are no URLs
      }
    });

    expect(ms).toBeLessThan(1000); // some 50 on an idle machine, most of it the URL parser's
  });
});
