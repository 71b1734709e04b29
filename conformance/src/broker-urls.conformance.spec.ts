import { parseBrokerUrls } from '@celeriac/amqp-transport';

import { describeWithPython } from './describe-with-python.ts';
import { runDriver } from './python-driver.ts';

type Parts = Readonly<Record<'hostname' | 'username' | 'password' | 'vhost', string>> & {
  readonly port: number;
};
type Answer = Parts | { readonly refused: string };

const users = [
  '',
  'u@',
  'u:@',
  ':p@',
  'u:p@',
  'ü:ß@',
  'u%40x:p%3A%2F%25@',
  'u:p@q:r@',
  'u:p%zz%@',
  'u:p+q @',
];
const marked = ['u:^|{}<>`"\\~!$&\'()*,=@', 'u:%ff%00@', 'u:p%25%32%35@'];
const hosts = ['', 'rabbit', 'Rabbit_1.example', '127.0.0.1', '[::1]'];
const ports = ['', ':', ':0', ':5673', ':65535', ':65536', ':x', ':-1'];
const paths = [
  '',
  '/',
  '//',
  '/%2F',
  '/v',
  '//v',
  '/a/b',
  '/a%2Fb',
  '/a/../b',
  '/é',
  '/a b',
  '/100%25',
  '/%zz',
  '/v?heartbeat=5',
  '/v#f',
  '?heartbeat=5',
];

/** One part varies at a time, beside plain others; and some that belong together. */
const urls = [
  ...[...users, ...marked].map((user) => `amqp://${user}rabbit/v`),
  ...hosts.flatMap((host) => ports.map((port) => `amqp://${host}${port}`)),
  ...paths.flatMap((path) =>
    ['amqp://rabbit', 'amqp://u:p@rabbit:5673', 'amqp://'].map((base) => base + path),
  ),
  ...[
    'AMQP://rabbit',
    'pyamqp://rabbit',
    'amqp://u:p/q@rabbit',
    'amqp://u:p?q@rabbit',
    'amqp://u:p#q@rabbit',
  ],
];

// the newest alone: older ones have their own faults, such as one with brackets
describeWithPython(
  'broker URLs',
  (python) => {
    it('are taken apart as kombu does, and refused where it refuses them', async () => {
      const answers = await runDriver<Answer>(
        python,
        'broker_urls',
        [],
        urls.map((url) => JSON.stringify(url)),
      );
      expect(answers).toHaveLength(urls.length);
      const theirs = answers.map((answer, index) => [urls[index], 'refused' in answer ? 'refused' : answer]);
      expect(urls.map((url) => [url, ours(url)])).toEqual(theirs);
    });
  },
  ['newest'],
);

function ours(url: string): Parts | 'refused' {
  try {
    const [{ hostname, password, port, username, vhost }] = parseBrokerUrls(url);
    return { hostname, port, username, password, vhost };
  } catch {
    return 'refused';
  }
}
