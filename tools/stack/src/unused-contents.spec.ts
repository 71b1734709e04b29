import type { MountedContent } from './stack-services.ts';
import { serviceSpec, stackService } from './testing/stack-service.ts';
import { removeUnusedContents } from './unused-contents.ts';
import { versionedContents } from './versioned-contents.ts';

const mounted = (kind: MountedContent['kind'], swarmName: string): MountedContent => ({
  kind,
  swarmName,
  target: '/file',
});

function removed(
  existing: readonly string[],
  services = [stackService('addition')],
  digests: Readonly<Record<string, string>> = {},
): readonly string[] {
  const contents = versionedContents({ isCluster: false, isTls: false });
  const options = { stack: 'celeriac', contents, digests, services, existing: new Set(existing) };
  return removeUnusedContents(options).map(({ args }) => args.join(' '));
}

describe('removeUnusedContents', () => {
  it('removes the versions that no service has', () => {
    expect(
      removed([
        'celeriac_addition_broker_url_111111111111',
        'celeriac_rabbitmq_conf_222222222222',
        'celeriac_rabbitmq_conf_111111111111',
      ]),
    ).toEqual([
      'config rm celeriac_rabbitmq_conf_111111111111 celeriac_rabbitmq_conf_222222222222',
      'secret rm celeriac_addition_broker_url_111111111111',
    ]);
  });

  it('keeps what a service has, and what it would return to', () => {
    const service = stackService('addition', {
      spec: serviceSpec({ contents: [mounted('secret', 'celeriac_addition_broker_url_222222222222')] }),
      previous: serviceSpec({ contents: [mounted('secret', 'celeriac_addition_broker_url_111111111111')] }),
    });
    expect(
      removed(
        ['celeriac_addition_broker_url_111111111111', 'celeriac_addition_broker_url_222222222222'],
        [service],
      ),
    ).toEqual([]);
  });

  it('keeps what it has just made for services of others', () => {
    const existing = ['celeriac_caller_broker_url_222222222222', 'celeriac_caller_broker_url_111111111111'];
    const digests = { CALLER_BROKER_URL_DIGEST: '222222222222' };
    expect(removed(existing, [], digests)).toEqual(['secret rm celeriac_caller_broker_url_111111111111']);
  });

  it('keeps what is not its own', () => {
    expect(
      removed([
        'celeriac_mine',
        'celeriac_addition_broker_url_of_mine',
        'other_addition_broker_url_111111111111',
      ]),
    ).toEqual([]);
  });
});
