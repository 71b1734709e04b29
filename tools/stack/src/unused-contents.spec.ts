import type { MountedContent } from './stack-services.ts';
import { serviceSpec, stackService } from './testing/stack-service.ts';
import { removeUnusedContents } from './unused-contents.ts';
import { versionedContents } from './versioned-contents.ts';

const mounted = (kind: MountedContent['kind'], swarmName: string): MountedContent => ({
  kind,
  swarmName,
  target: '/file',
});

function removed(existing: readonly string[], services = [stackService('addition')]): readonly string[] {
  const contents = versionedContents(false);
  const options = { stack: 'celeriac', contents, services, existing: new Set(existing) };
  return removeUnusedContents(options).map(({ args }) => args.join(' '));
}

describe('removeUnusedContents', () => {
  it('removes the versions that no service has', () => {
    expect(
      removed([
        'celeriac_broker_url_111111111111',
        'celeriac_rabbitmq_conf_222222222222',
        'celeriac_rabbitmq_conf_111111111111',
      ]),
    ).toEqual([
      'config rm celeriac_rabbitmq_conf_111111111111 celeriac_rabbitmq_conf_222222222222',
      'secret rm celeriac_broker_url_111111111111',
    ]);
  });

  it('keeps what a service has, and what it would return to', () => {
    const service = stackService('addition', {
      spec: serviceSpec({ contents: [mounted('secret', 'celeriac_broker_url_222222222222')] }),
      previous: serviceSpec({ contents: [mounted('secret', 'celeriac_broker_url_111111111111')] }),
    });
    expect(
      removed(['celeriac_broker_url_111111111111', 'celeriac_broker_url_222222222222'], [service]),
    ).toEqual([]);
  });

  it('keeps what is not its own', () => {
    expect(
      removed(['celeriac_mine', 'celeriac_broker_url_of_mine', 'other_broker_url_111111111111']),
    ).toEqual([]);
  });
});
