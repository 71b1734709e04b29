import { coerceError } from '@celeriac/primitives';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The version of this program. @param programUrl URL of a file in the package's `dist` or `src` */
export function ownVersion(programUrl: string): string {
  return versionIn(new URL('../package.json', programUrl));
}

/** The version of amqplib that the transport uses; why it is not known, when it cannot be found. */
export function amqplibVersion(programUrl: string): string {
  try {
    const transport = createRequire(programUrl).resolve('@celeriac/amqp-transport');
    const amqplib = createRequire(transport).resolve('amqplib');
    return versionIn(join(dirname(amqplib), 'package.json'));
  } catch (error) {
    return `not known (${coerceError(error).message.split('\n', 1)[0] ?? ''})`; // it must not cost the report
  }
}

function versionIn(manifest: URL | string): string {
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return version;
}
