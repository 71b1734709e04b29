import { access, rm, writeFile } from 'node:fs/promises';

import type { Logger } from '@celeriac/primitives';

import { LocalStackError } from './local-stack-error.ts';
import { lastLines, runCommand } from './run-command.ts';

/** Debian's own hook: a package's services start only when it exits 0. */
const SERVICE_POLICY = '/usr/sbin/policy-rc.d';
const NO_SERVICES = '#!/bin/sh\n# temporary: packages are being installed for a test run\nexit 101\n';

/** True on Debian, Ubuntu and their kin when we may install packages. */
export async function canInstallDebianPackages(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  return (await exists('/etc/debian_version')) && (await exists('/usr/bin/apt-get'));
}

/**
 * Installs packages from the distribution, without recommendations and without starting any service.
 *
 * @throws LocalStackError with apt's first complaint when it fails
 */
export async function installDebianPackages(
  names: readonly string[],
  options: { readonly log: Logger; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const { log, signal } = options;
  log.info({}, `installing ${names.join(', ')} with apt-get`);
  const restorePolicy = await forbidServices();
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    // another apt may be at work on this machine
    const patience = ['-o', 'DPkg::Lock::Timeout=300'];
    // stale lists may still do: an update that fails is told only if the installation fails as well
    const update = await runCommand('apt-get', [...patience, 'update'], { env, signal });
    const install = await runCommand(
      'apt-get',
      [...patience, 'install', '-y', '--no-install-recommends', ...names],
      { env, signal },
    );
    if (install.code !== 0) {
      const output = update.code === 0 ? install.output : `${update.output}\n${install.output}`;
      throw new LocalStackError(`apt-get install ${names.join(' ')} failed: ${firstError(output)}`);
    }
  } finally {
    await restorePolicy();
  }
}

/** apt marks its errors with `E:`; the first is the cause and the others its consequences. */
function firstError(output: string): string {
  return output.split('\n').find((line) => line.startsWith('E: ')) ?? lastLines(output, 1);
}

/** Returns what undoes it. A policy that is already there stays: whoever wrote it knows better. */
async function forbidServices(): Promise<() => Promise<void>> {
  try {
    await writeFile(SERVICE_POLICY, NO_SERVICES, { mode: 0o755, flag: 'wx' });
  } catch {
    return () => Promise.resolve();
  }
  return () => rm(SERVICE_POLICY, { force: true });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
