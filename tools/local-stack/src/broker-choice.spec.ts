import { chooseBroker } from './broker-choice.ts';
import type { BrokerProbes } from './broker-choice.ts';

const installation = { server: '/usr/lib/rabbitmq/bin/rabbitmq-server', epmd: '/usr/bin/epmd' };
const nothing = { givenUrl: undefined, isolated: false };

/** A machine that has what is named, and notes what it was asked for. */
function machine(...has: (keyof BrokerProbes)[]): BrokerProbes & { readonly asked: string[] } {
  const asked: string[] = [];
  const answer = <T>(name: keyof BrokerProbes, yes: T, no: T): Promise<T> => {
    asked.push(name);
    return Promise.resolve(has.includes(name) ? yes : no);
  };
  return {
    asked,
    running: () => answer<string | undefined>('running', 'amqp://guest:guest@127.0.0.1:5672', undefined),
    installation: () => answer<typeof installation | undefined>('installation', installation, undefined),
    containerEngine: () => answer('containerEngine', true, false),
    canInstall: () => answer('canInstall', true, false),
  };
}

describe('chooseBroker', () => {
  it('takes the given broker and asks the machine nothing', async () => {
    const probes = machine('running', 'installation', 'containerEngine', 'canInstall');
    const choice = await chooseBroker(
      { givenUrl: 'amqps://user:secret@broker/app', isolated: false },
      probes,
    );
    expect(choice).toEqual({ kind: 'given', url: 'amqps://user:secret@broker/app' });
    expect(probes.asked).toEqual([]);
  });

  it.each([
    ['running', ['running', 'installation', 'containerEngine', 'canInstall'], ['running']],
    ['private', ['installation', 'containerEngine', 'canInstall'], ['running', 'installation']],
    ['container', ['containerEngine', 'canInstall'], ['running', 'installation', 'containerEngine']],
    ['install', ['canInstall'], ['running', 'installation', 'containerEngine', 'canInstall']],
    ['none', [], ['running', 'installation', 'containerEngine', 'canInstall']],
  ] as const)('chooses %s on a machine that has %j, asking for %j', async (kind, has, asked) => {
    const probes = machine(...has);
    expect((await chooseBroker(nothing, probes)).kind).toBe(kind);
    expect(probes.asked).toEqual(asked);
  });

  it('counts an empty CELERY_BROKER_URL as none', async () => {
    expect(await chooseBroker({ givenUrl: '', isolated: false }, machine('installation'))).toEqual({
      kind: 'private',
      installation,
    });
  });

  it('gives to a test that will kill it neither the given broker nor the running one', async () => {
    const probes = machine('running', 'containerEngine');
    const choice = await chooseBroker({ givenUrl: 'amqp://shared', isolated: true }, probes);
    expect(choice).toEqual({ kind: 'container' });
    expect(probes.asked).not.toContain('running');
  });
});
