import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { replicasVariables } from './app-services.ts';
import { at, listAt, textAt, type JsonObject, type JsonValue } from './json-value.ts';
import { stackKinds } from './secret-contents.ts';
import { contentDigest, versionedContents, versionedName } from './versioned-contents.ts';

const root = join(__dirname, '../../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
// `mode: 0400` is octal in the YAML that docker reads
// `!override` is Compose's own: the list is not added to that of the service that is extended
const parsed = (file: string): JsonValue =>
  parse(read(file).replaceAll(' !override\n', '\n'), { merge: true, version: '1.1' }) as JsonValue;

const single = parsed('swarm-stack.yml');
const cluster = parsed('swarm-stack.cluster.yml');
const compose = parsed('docker/compose.yml');
const tls = parsed('swarm-stack.tls.yml');
const clusterTls = parsed('swarm-stack.cluster-tls.yml');

const servicesOf = (file: JsonValue): readonly (readonly [string, JsonObject])[] =>
  Object.entries((at(file, 'services') ?? {}) as Record<string, JsonObject>);
// the first broker of the cluster file is an addition to that of the other
const services = [...servicesOf(single), ...servicesOf(cluster).filter(([name]) => name !== 'rabbitmq')];
const apps = services.filter(([name]) => Object.hasOwn(replicasVariables, name));

describe('every service of the stack files', () => {
  it('is there', () => {
    expect(services.map(([name]) => name)).toEqual([
      'rabbitmq',
      ...Object.keys(replicasVariables),
      'rabbitmq2',
      'rabbitmq3',
    ]);
  });

  it.each(services)('has nothing to write to and no capability: %s', (_, service) => {
    expect(service['read_only']).toBe(true);
    expect(service['cap_drop']).toEqual(['ALL']);
    expect(service).not.toHaveProperty('cap_add');
    expect(service).not.toHaveProperty('privileged');
  });

  it.each(services)('is limited, and its logs too: %s', (_, service) => {
    const { limits, reservations } = at(service, 'deploy', 'resources') as Record<string, JsonValue>;
    expect(limits).toEqual({
      cpus: expect.any(String) as string,
      memory: expect.any(String) as string,
      pids: expect.any(Number) as number,
    });
    expect(reservations).toEqual({
      cpus: expect.any(String) as string,
      memory: expect.any(String) as string,
    });
    const max = expect.stringMatching(/./) as string;
    expect(at(service, 'logging', 'options')).toEqual({ 'max-size': max, 'max-file': max });
  });

  it.each(services)(
    'has a health check without a shell, and goes back when an update fails: %s',
    (_, service) => {
      expect(listAt(service, 'healthcheck', 'test')[0]).toBe('CMD');
      expect(textAt(service, 'deploy', 'update_config', 'failure_action')).toBe('rollback');
      const order = apps.some(([, app]) => app === service) ? 'start-first' : 'stop-first';
      expect(textAt(service, 'deploy', 'update_config', 'order')).toBe(order);
      expect(textAt(service, 'deploy', 'rollback_config', 'order')).toBe(order);
    },
  );

  it.each(services)('is started again however often it ends: %s', (_, service) => {
    expect(textAt(service, 'deploy', 'restart_policy', 'condition')).toBe('any');
    expect(at(service, 'deploy', 'restart_policy')).not.toHaveProperty('max_attempts');
  });

  it.each(services)('has no credentials in its environment: %s', (_, service) => {
    expect(JSON.stringify(service['environment'])).not.toMatch(/:\/\/|PASS|COOKIE/);
  });

  it.each(services)('is on internal networks but for the producer: %s', (name, service) => {
    const open = listAt(service, 'networks').filter(
      (network) => at(single, 'networks', network as string, 'internal') !== true,
    );
    expect(open).toEqual(name === 'producer' ? ['frontend'] : []);
  });

  it('publishes no port but the one of the producer', () => {
    const published = services.filter(([, service]) => at(service, 'ports') !== undefined);
    expect(published.map(([name]) => name)).toEqual(['producer']);
    expect(listAt(published[0]?.[1], 'ports')).toHaveLength(1);
    expect(at(cluster, 'services', 'rabbitmq')).not.toHaveProperty('ports');
  });
});

describe.each(apps)('%s', (name, service) => {
  it('has an image, a tag and replicas that variables change', () => {
    expect(service['image']).toBe(
      `\${CELERIAC_IMAGE_PREFIX:-celeriac/}${name}:\${CELERIAC_TAG:-${packageVersion()}}`,
    );
    const variable = replicasVariables[name as keyof typeof replicasVariables];
    expect(at(service, 'deploy', 'replicas')).toBe(`\${${variable}:-2}`);
  });

  it('has longer to stop than its tasks have to end', () => {
    const drainSeconds = Number(at(service, 'environment', 'CELERIAC_SHUTDOWN_TIMEOUT'));
    expect(drainSeconds).toBeGreaterThan(0);
    expect(Number.parseInt(textAt(service, 'stop_grace_period'))).toBeGreaterThan(drainSeconds);
  });

  it('has a heap that its memory limit has room for', () => {
    const heap = Number(/=(\d+)$/.exec(textAt(service, 'environment', 'NODE_OPTIONS'))?.[1]);
    const limit = textAt(service, 'deploy', 'resources', 'limits', 'memory');
    expect(limit).toMatch(/M$/);
    expect(heap).toBeGreaterThan(0);
    expect(heap).toBeLessThan(Number.parseInt(limit));
  });
});

describe('RabbitMQ', () => {
  const brokers = services.filter(([name]) => name.startsWith('rabbitmq'));

  it('blocks publishers before it reaches its memory limit', () => {
    const watermark = /^vm_memory_high_watermark.absolute = (\d+)MiB$/m.exec(
      read('docker/rabbitmq/rabbitmq.conf'),
    );
    expect(Number(watermark?.[1])).toBeLessThan(1024);
    expect(brokers.map(([, service]) => textAt(service, 'deploy', 'resources', 'limits', 'memory'))).toEqual([
      '1G',
      '1G',
      '1G',
    ]);
  });

  it.each(brokers)('keeps the data of each broker with its name: %s', (name, service) => {
    const number = name === 'rabbitmq' ? '1' : name.slice(-1);
    expect(service['hostname']).toBe(name);
    expect(at(service, 'environment', 'RABBITMQ_NODENAME')).toBe(`rabbit@${name}`);
    expect(service['volumes']).toEqual([`${name}:/var/lib/rabbitmq`]);
    expect(at(service, 'deploy', 'placement', 'constraints')).toEqual([`node.labels.rabbitmq == ${number}`]);
    expect(service['user']).toBe('999:999');
    expect(read('docker/rabbitmq/cluster.conf')).toContain(`nodes.${number} = rabbit@${name}\n`);
  });

  it('makes the second and third broker like the first', () => {
    const [first, ...further] = brokers.map(([, service]) => service);
    for (const key of ['image', 'stop_grace_period', 'healthcheck', 'logging', 'networks', 'user']) {
      expect(further.map((service) => service[key])).toEqual([first?.[key], first?.[key]]);
    }
    for (const key of ['update_config', 'rollback_config', 'restart_policy', 'resources', 'endpoint_mode']) {
      const expected = at(first, 'deploy', key);
      expect(further.map((service) => at(service, 'deploy', key))).toEqual([expected, expected]);
    }
    const added = at(cluster, 'services', 'rabbitmq');
    for (const kind of ['configs', 'secrets']) {
      const expected = [...listAt(first, kind), ...listAt(added, kind)]
        .map((entry) => textAt(entry, 'source'))
        .sort();
      for (const service of further) {
        expect(
          listAt(service, kind)
            .map((entry) => textAt(entry, 'source'))
            .sort(),
        ).toEqual(expected);
      }
    }
  });

  it('has a policy for every task queue, whose dead letters are kept', () => {
    const definitions = JSON.parse(read('docker/rabbitmq/definitions.json')) as JsonValue;
    const [tasks] = listAt(definitions, 'policies');
    const pattern = new RegExp(textAt(tasks, 'pattern'));
    const workers = Object.keys(replicasVariables).filter((name) => name !== 'producer');
    expect(workers.filter((queue) => !pattern.test(queue))).toEqual([]);
    expect(textAt(tasks, 'definition', 'overflow')).toBe('reject-publish');
    const exchange = textAt(tasks, 'definition', 'dead-letter-exchange');
    expect(listAt(definitions, 'exchanges').map((entry) => textAt(entry, 'name'))).toEqual([exchange]);
    expect(listAt(definitions, 'bindings').map((entry) => textAt(entry, 'source'))).toEqual([exchange]);
    const [virtualHost] = listAt(definitions, 'vhosts');
    expect(textAt(virtualHost, 'metadata', 'default_queue_type')).toBe('quorum');
  });
});

describe('secrets and configs of the stack files', () => {
  const together = (...files: readonly JsonValue[]): JsonObject => ({
    configs: Object.assign({}, ...files.map((file) => at(file, 'configs'))) as JsonObject,
    secrets: Object.assign({}, ...files.map((file) => at(file, 'secrets'))) as JsonObject,
  });
  const ofKinds = stackKinds.map((kind) => {
    const { isCluster, isTls } = kind;
    const files = [single, isCluster && cluster, isTls && tls, isCluster && isTls && clusterTls];
    return [kind, together(...files.filter((file) => file !== false))] as const;
  });

  it.each(ofKinds)('are those that deploy knows, of the same files: %j', (kind, file) => {
    const contents = versionedContents(kind);
    for (const contentKind of ['config', 'secret'] as const) {
      const known = contents.filter((content) => content.kind === contentKind);
      const declared = Object.entries((at(file, `${contentKind}s`) ?? {}) as Record<string, JsonValue>);
      expect(declared.map(([name]) => name).sort()).toEqual(known.map(({ name }) => name).sort());
      for (const [name, declaration] of declared) {
        const content = known.find((candidate) => candidate.name === name);
        expect(textAt(declaration, 'file')).toBe(content?.file);
        expect(textAt(declaration, 'name')).toMatch(
          new RegExp(`^\\$\\{CELERIAC_STACK:-celeriac\\}_${name}_\\$\\{${content?.variable ?? ''}:-\\w+\\}$`),
        );
      }
    }
  });

  it('have names that Swarm takes, of at most 64 characters, with the longest name of a stack', () => {
    for (const content of stackKinds.flatMap(versionedContents)) {
      expect(versionedName('s'.repeat(24), content, '0'.repeat(12)).length).toBeLessThanOrEqual(64);
    }
  });

  it.each(versionedContents({ isCluster: true, isTls: true }).filter(({ kind }) => kind === 'config'))(
    'have the digest of the committed content as default: $name',
    ({ name, file }) => {
      const digest = contentDigest(readFileSync(join(root, file)));
      const { configs } = together(single, cluster, tls, clusterTls);
      expect(textAt(configs, name, 'name')).toContain(`_DIGEST:-${digest}}`);
    },
  );

  it('give each app the broker URL of its own user, and none of another', () => {
    for (const [name, service] of apps) {
      expect(service['secrets']).toEqual([{ source: `${name}_broker_url`, target: 'broker_url' }]);
    }
  });
});

describe('the files of TLS', () => {
  const brokers = [...servicesOf(tls), ...servicesOf(clusterTls)].filter(([name]) =>
    name.startsWith('rabbitmq'),
  );

  it('give every broker its certificate, and its key to nobody else', () => {
    expect(brokers.map(([name]) => name)).toEqual(['rabbitmq', 'rabbitmq2', 'rabbitmq3']);
    const [first] = brokers;
    for (const [, broker] of brokers) expect(broker).toEqual(first?.[1]);
    expect(first?.[1]['secrets']).toContainEqual({
      source: 'broker_key',
      target: 'broker_key',
      uid: '999',
      gid: '999',
      mode: 0o400,
    });
  });

  it.each(servicesOf(tls).filter(([name]) => name !== 'rabbitmq'))(
    'give %s the authority that it checks the brokers with',
    (name, service) => {
      expect(apps.map(([app]) => app)).toContain(name);
      expect(service['secrets']).toEqual([{ source: 'broker_ca', target: 'broker_ca' }]);
      expect(service['environment']).toEqual({ NODE_EXTRA_CA_CERTS: '/run/secrets/broker_ca' });
    },
  );

  it('leave no app out, and no broker that takes connections without TLS', () => {
    expect(servicesOf(tls).map(([name]) => name)).toEqual(['rabbitmq', ...apps.map(([name]) => name)]);
    expect(read('docker/rabbitmq/tls.conf')).toMatch(/^listeners.tcp = none$/m);
  });
});

describe('swarm-stack.encrypted.yml', () => {
  it('encrypts every network of the stack', () => {
    const networks = at(parsed('swarm-stack.encrypted.yml'), 'networks') as JsonObject;
    expect(Object.keys(networks).sort()).toEqual(Object.keys(at(single, 'networks') as JsonObject).sort());
    for (const network of Object.values(networks)) {
      expect(network).toEqual({ driver_opts: { encrypted: '' } });
    }
  });
});

describe('docker/compose.yml', () => {
  it('runs every service of the stack file, as it is there', () => {
    for (const [name, service] of servicesOf(compose)) {
      expect(service['extends']).toEqual({ file: '../swarm-stack.yml', service: name });
    }
    expect(servicesOf(compose).map(([name]) => name)).toEqual(servicesOf(single).map(([name]) => name));
  });

  it('closes the same networks', () => {
    for (const name of ['broker', 'frontend', 'management']) {
      expect(at(compose, 'networks', name, 'internal')).toBe(at(single, 'networks', name, 'internal'));
    }
  });

  it('publishes the producer on this machine alone', () => {
    const [port] = listAt(compose, 'services', 'producer', 'ports');
    const [published] = listAt(single, 'services', 'producer', 'ports');
    expect(port).toEqual({ ...(published as JsonObject), host_ip: '${CELERIAC_HOST_IP:-127.0.0.1}' });
    expect(read('docker/compose.yml')).toContain('ports: !override\n');
  });

  it('mounts the same files, but for the URL that no service of its own has', () => {
    for (const kind of ['configs', 'secrets']) {
      const files = (file: JsonValue): readonly string[] =>
        Object.values(at(file, kind) as JsonObject).map((entry) => textAt(entry, 'file'));
      const relative = files(single)
        .filter((file) => file !== 'secrets/caller_broker_url')
        .map((file) => file.replace('docker/', '').replace('secrets/', '../secrets/'));
      expect(files(compose)).toEqual(relative);
    }
  });
});

function packageVersion(): string {
  return textAt(JSON.parse(read('package.json')) as JsonValue, 'version');
}
