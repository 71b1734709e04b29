import { AmqpTransport } from '@celeriac/amqp-transport';
import { freePort, runCommand } from '@celeriac/local-stack';
import { RecordingLogger, until } from '@celeriac/testing';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from './certificates.ts';
import { openRestrictedBroker, type RestrictedBroker } from './testing/restricted-broker.ts';

declare const __dirname: string;

jest.setTimeout(120_000);

const tlsConfiguration = join(__dirname, '../../../docker/rabbitmq/tls.conf');

/**
 * Connects in a process of its own, as Node reads NODE_EXTRA_CA_CERTS when it starts: prints `connected`, or why not, once it
 * has tried.
 */
const program = `
const { connect } = require('amqplib');
connect(process.env.BROKER_URL).then(
  (connection) => { console.log('connected'); return connection.close(); },
  (error) => console.log(error.code, error.message),
);
`;

describe('TLS to the brokers', () => {
  let restricted: RestrictedBroker;
  let certificates = '';
  let strangers = '';
  let tlsPort = 0;

  beforeAll(async () => {
    strangers = await mkdtemp(join(tmpdir(), 'stack-strangers-'));
    await makeCertificates(strangers, ['localhost']);
    tlsPort = await freePort();
    restricted = await openRestrictedBroker({
      async configuration(folder) {
        certificates = join(folder, 'certificates');
        await makeCertificates(certificates, ['localhost']);
        // as in the stack, but for the port and for where the certificate is; openBroker looks for it without TLS
        return (await readFile(tlsConfiguration, 'utf8'))
          .replace('listeners.tcp = none\n', '')
          .replace('listeners.ssl.default = 5671', `listeners.ssl.1 = 127.0.0.1:${tlsPort}`)
          .replace('/run/secrets/broker_ca', join(certificates, 'ca.pem'))
          .replace('/run/secrets/broker_certificate', join(certificates, 'broker.pem'))
          .replace('/run/secrets/broker_key', join(certificates, 'broker.key'));
      },
    });
  });

  afterAll(async () => {
    await restricted.close();
    await rm(strangers, { recursive: true });
  });

  async function url(host = 'localhost'): Promise<string> {
    const plain = new URL(await restricted.url('producer'));
    return `amqps://${plain.username}:${plain.password}@${host}:${tlsPort}${plain.pathname}`;
  }

  async function connectWith(authority: string | undefined, brokerUrl: string): Promise<string> {
    const env = { ...process.env, BROKER_URL: brokerUrl, NODE_EXTRA_CA_CERTS: authority };
    const { output } = await runCommand(process.execPath, ['--eval', program], { env });
    return output.trim();
  }

  it('is trusted by whoever has the authority, under the name of the broker', async () => {
    expect(await connectWith(join(certificates, 'ca.pem'), await url())).toBe('connected');
  });

  it('is refused by whoever has another authority, or none besides those of Node', async () => {
    for (const authority of [join(strangers, 'ca.pem'), undefined]) {
      expect(await connectWith(authority, await url())).toMatch(/^SELF_SIGNED_CERT_IN_CHAIN /);
    }
  });

  it('is refused under another name than the certificate has', async () => {
    expect(await connectWith(join(certificates, 'ca.pem'), await url('127.0.0.1'))).toContain(
      'ERR_TLS_CERT_ALTNAME_INVALID',
    );
  });

  it('says why it is refused, without the password', async () => {
    const logger = new RecordingLogger();
    const brokerUrl = await url();
    const transport = new AmqpTransport({ brokerUrl, name: 'spec', logger });
    try {
      transport.publisher({ confirm: true });
      await until(() => logger.fieldsOf('broker connection failed').length > 0, { timeoutMs: 20_000 });
    } finally {
      await transport.close();
    }
    const [failed] = logger.fieldsOf('broker connection failed');
    expect(failed?.['reason']).toMatch(
      /^cannot connect to amqps:\/\/localhost:\d+\/celeriac: self-signed certificate in certificate chain$/,
    );
    expect(JSON.stringify(logger.lines)).not.toContain(new URL(brokerUrl).password);
  });

  it('takes no connection without TLS on that port', async () => {
    const plain = (await url()).replace('amqps:', 'amqp:');
    expect(await connectWith(undefined, plain)).not.toContain('connected');
  });
});
