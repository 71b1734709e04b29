import { LocalStackError, openBroker, type OwnedBroker } from '@celeriac/local-stack';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A RabbitMQ of one's own whose `consumer_timeout` is this short, looked at every second instead of every minute.
 *
 * @throws LocalStackError where RabbitMQ comes as a container, whose settings are not ours
 */
export async function openImpatientBroker(consumerTimeoutMs: number): Promise<OwnedBroker> {
  const broker = await openBroker({ isolated: true });
  try {
    const env = `{consumer_timeout, ${String(consumerTimeoutMs)}}, {channel_tick_interval, 1000}`;
    await writeFile(join(await folderOf(broker), 'advanced.config'), `[{rabbit, [${env}]}].\n`);
    await broker.restart();
  } catch (error) {
    await broker.close();
    throw error;
  }
  return broker;
}

/** The folder of a private node: the one whose settings have its port. */
async function folderOf({ url }: OwnedBroker): Promise<string> {
  const { port } = new URL(url);
  for (const name of await readdir(tmpdir())) {
    const settings = await readFile(join(tmpdir(), name, 'rabbitmq.conf'), 'utf8').catch(() => '');
    if (settings.includes(`listeners.tcp.1 = 127.0.0.1:${port}\n`)) return join(tmpdir(), name);
  }
  throw new LocalStackError(
    'this spec changes the settings of a RabbitMQ of its own, which takes an installed one: install rabbitmq-server',
  );
}
