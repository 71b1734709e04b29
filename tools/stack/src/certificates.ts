import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brokerHosts } from './secret-contents.ts';
import { StackError } from './stack-error.ts';

/** Secrets of swarm-stack.tls.yml: of the brokers, and the authority's certificate that their clients check them with. */
export const certificateNames = ['broker_ca', 'broker_certificate', 'broker_key'] as const;
export type CertificateName = (typeof certificateNames)[number];

const fileNames: Readonly<Record<CertificateName, string>> = {
  broker_ca: 'ca.pem',
  broker_certificate: 'broker.pem',
  broker_key: 'broker.key',
};
const authorityKey = 'ca.key';

/** Relative to the root of the repository. */
export function certificateFile(name: CertificateName): string {
  return `secrets/certificates/${fileNames[name]}`;
}

const authorityDays = 3650;
const brokerDays = 397;

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/**
 * Makes a certificate for the brokers, and the private authority that signs it unless its folder has one, by `openssl`. The
 * certificate is new each time: a deploy rolls it out.
 *
 * @param hosts - names by which clients reach the brokers; default those of the stack
 * @returns the names of the files that were written
 * @throws StackError when openssl is missing or fails
 */
export async function makeCertificates(
  folder: string,
  hosts: readonly string[] = brokerHosts.cluster,
): Promise<readonly string[]> {
  const path = (name: string): string => join(folder, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const written: string[] = [];
  if (!existsSync(path(fileNames.broker_ca))) {
    await openssl([
      ...['req', '-x509', ...newKey, '-days', String(authorityDays), '-subj', '/CN=Celeriac brokers'],
      ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
      ...['-keyout', path(authorityKey), '-out', path(fileNames.broker_ca)],
    ]);
    written.push(fileNames.broker_ca, authorityKey);
  }
  // a file that is there would keep its mode
  await rm(path(fileNames.broker_key), { force: true });
  const [request, extensions] = [path('broker.csr'), path('broker.ext')];
  try {
    await openssl([
      ...['req', '-new', ...newKey, '-subj', `/CN=${hosts[0] ?? ''}`],
      ...['-keyout', path(fileNames.broker_key), '-out', request],
    ]);
    await writeFile(extensions, brokerExtensions(hosts));
    await openssl([
      ...['x509', '-req', '-in', request, '-days', String(brokerDays), '-extfile', extensions],
      ...['-CA', path(fileNames.broker_ca), '-CAkey', path(authorityKey)],
      ...['-set_serial', `0x${randomBytes(16).toString('hex')}`, '-out', path(fileNames.broker_certificate)],
    ]);
  } finally {
    await rm(request, { force: true });
    await rm(extensions, { force: true });
  }
  for (const key of [authorityKey, fileNames.broker_key]) await chmod(path(key), 0o600);
  return [...written, fileNames.broker_certificate, fileNames.broker_key];
}

function brokerExtensions(hosts: readonly string[]): string {
  return `basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = ${hosts.map((host) => `DNS:${host}`).join(',')}
`;
}

async function openssl(args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)('openssl', args);
  } catch (error) {
    const { code, stderr = '' } = error as NodeJS.ErrnoException & { readonly stderr?: string };
    const reason =
      code === 'ENOENT'
        ? 'openssl is not on the PATH: install OpenSSL'
        : `openssl ${args[0] ?? ''} failed: ${stderr.trim()}`;
    throw new StackError(reason, { cause: error });
  }
}
