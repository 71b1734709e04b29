import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from './certificates.ts';
import { StackError } from './stack-error.ts';

describe('makeCertificates', () => {
  let parent = '';
  let folder = '';

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'stack-certificates-'));
    folder = join(parent, 'certificates');
  });

  afterEach(async () => {
    await rm(parent, { recursive: true });
  });

  const certificate = async (name: string): Promise<X509Certificate> =>
    new X509Certificate(await readFile(join(folder, name)));

  it('makes an authority, and a certificate of it for all three brokers and nothing else', async () => {
    const written = await makeCertificates(folder);
    expect((await readdir(folder)).sort()).toEqual([...written].sort());
    const [authority, broker] = [await certificate('ca.pem'), await certificate('broker.pem')];
    expect([authority.ca, broker.ca]).toEqual([true, false]);
    expect(broker.verify(authority.publicKey)).toBe(true);
    expect(broker.subjectAltName).toBe('DNS:rabbitmq, DNS:rabbitmq2, DNS:rabbitmq3');
  });

  it('keeps keys from others', async () => {
    await makeCertificates(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const key of ['ca.key', 'broker.key']) {
      expect((await stat(join(folder, key))).mode & 0o777).toBe(0o600);
    }
  });

  it('makes a new certificate of the same authority the next time', async () => {
    await makeCertificates(folder);
    const [authority, broker] = [await certificate('ca.pem'), await certificate('broker.pem')];
    expect(await makeCertificates(folder)).toEqual(['broker.pem', 'broker.key']);
    const renewed = await certificate('broker.pem');
    expect((await certificate('ca.pem')).fingerprint256).toBe(authority.fingerprint256);
    expect(renewed.fingerprint256).not.toBe(broker.fingerprint256);
    expect(renewed.verify(authority.publicKey)).toBe(true);
  });

  it('says what openssl has against it', async () => {
    const making = makeCertificates(folder, ['not a host, but: two']);
    await expect(making).rejects.toThrow(StackError);
    await expect(making).rejects.toThrow('openssl x509 failed: ');
  });
});
