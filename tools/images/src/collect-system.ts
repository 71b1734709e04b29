import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { rootCertificates } from 'node:tls';

import { sharedLibraries, systemPackage, type ImageSystem } from './system-files.ts';

/** Where Debian keeps its own as links into /usr; the loader's path begins with one of them. */
const linkedFolders = ['/lib', '/lib64'];

/** All that an app needs beside itself, put into `target` as it shall lie in the image; to be run in a Debian with Node. */
export function collectSystem(target: string): ImageSystem {
  const node = fs.realpathSync(process.execPath);
  const libraries = sharedLibraries(run('ldd', [node]));
  for (const folder of linkedFolders) linkFolder(target, folder);
  copyFile(node, join(target, '/usr/local/bin/node'), 0o755);
  for (const library of libraries) {
    const path = join(fs.realpathSync(dirname(library)), basename(library));
    // the loader is a program
    copyFile(fs.realpathSync(path), join(target, path), basename(path).startsWith('ld-') ? 0o755 : 0o644);
  }
  write(target, '/etc/passwd', 'root:x:0:0:root:/:/sbin/nologin\nnode:x:1000:1000:node:/:/sbin/nologin\n');
  write(target, '/etc/group', 'root:x:0:\nnode:x:1000:\n');
  write(target, '/etc/nsswitch.conf', 'hosts: files dns\n');
  // Node brings Mozilla's certificates along; here for what looks for them in a file, such as --use-openssl-ca
  write(target, '/etc/ssl/certs/ca-certificates.crt', rootCertificates.join('\n').concat('\n'));
  const release = fs.readFileSync('/etc/os-release', 'utf8');
  write(target, '/etc/os-release', release);
  const status = packageRecords(libraries);
  write(target, '/var/lib/dpkg/status', status.join('\n').concat('\n'));
  const packages = status.map(systemPackage);
  copyLicenses(
    target,
    packages.map(({ name }) => name),
  );
  return { node: process.versions.node, debian: /^VERSION_ID="?([^"\n]+)/m.exec(release)?.[1], packages };
}

/** dpkg's records of the packages that the files are from, by name, without those that nothing is copied of. */
function packageRecords(files: readonly string[]): string[] {
  const owners = files.map(
    (file) => run('dpkg-query', ['--search', ownedPath(file)]).split(': ', 1)[0] ?? '',
  );
  const records = [...new Set(owners)].sort().map((owner) => run('dpkg-query', ['--status', owner]));
  return records.map((record) => record.trim().concat('\n'));
}

/** The path by which dpkg knows a file: where it is in truth, or, in releases before 13, under /lib as it was shipped. */
function ownedPath(file: string): string {
  const path = join(fs.realpathSync(dirname(file)), basename(file));
  const candidates = [fs.realpathSync(path), path, path.replace(/^\/usr/, ''), file];
  const owned = candidates.find((candidate) => isOwned(candidate));
  if (owned === undefined) throw new Error(`no Debian package owns ${file}; is the base image a Debian one?`);
  return owned;
}

function isOwned(path: string): boolean {
  try {
    run('dpkg-query', ['--search', path]);
    return true;
  } catch {
    return false; // dpkg-query's way to say no
  }
}

/** Licences of what is copied, where the base image has kept them. */
function copyLicenses(target: string, packages: readonly string[]): void {
  const texts = packages.map((name) => `/usr/share/doc/${name}/copyright`);
  for (const text of [...texts, '/usr/local/LICENSE']) {
    if (fs.existsSync(text)) copyFile(fs.realpathSync(text), join(target, text), 0o644);
  }
}

function linkFolder(target: string, folder: string): void {
  if (!fs.existsSync(folder) || !fs.lstatSync(folder).isSymbolicLink()) return;
  fs.mkdirSync(target, { recursive: true });
  fs.symlinkSync(fs.readlinkSync(folder), join(target, folder));
}

function copyFile(from: string, to: string, mode: number): void {
  fs.mkdirSync(dirname(to), { recursive: true });
  fs.copyFileSync(from, to);
  fs.chmodSync(to, mode);
}

function write(target: string, path: string, text: string): void {
  fs.mkdirSync(dirname(join(target, path)), { recursive: true });
  fs.writeFileSync(join(target, path), text);
}

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
