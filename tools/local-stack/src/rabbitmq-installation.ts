import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** The programs a private node needs. */
export interface RabbitmqInstallation {
  /** The script that runs a node in the foreground as whoever calls it. */
  readonly server: string;
  /** Erlang's name daemon. */
  readonly epmd: string;
}

/**
 * Before anything on the search path: the packages for Debian and RPM put a wrapper there which changes the user and the
 * folders; the script behind it does neither.
 */
const SERVER_SCRIPTS = ['/usr/lib/rabbitmq/bin/rabbitmq-server'];

/** Folders of administrators and of Homebrew, which are not on everyone's search path. */
const MORE_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/opt/homebrew/sbin', '/opt/homebrew/bin'];

/** Looks for an installed RabbitMQ. Undefined when there is none, or when it lacks Erlang's name daemon. */
export async function findRabbitmq(env: NodeJS.ProcessEnv): Promise<RabbitmqInstallation | undefined> {
  const folders = [...(env['PATH'] ?? '').split(delimiter), ...MORE_FOLDERS].filter(
    (folder) => folder !== '',
  );
  const server = await firstExecutable([
    ...SERVER_SCRIPTS,
    ...folders.map((folder) => join(folder, 'rabbitmq-server')),
  ]);
  const epmd = await firstExecutable([
    ...folders.map((folder) => join(folder, 'epmd')),
    '/usr/lib/erlang/bin/epmd',
  ]);
  return server === undefined || epmd === undefined ? undefined : { server, epmd };
}

async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const isExecutable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isExecutable) return path;
  }
  return undefined;
}
