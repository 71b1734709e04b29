import { connect } from 'amqplib';

/**
 * True when a broker at `url` lets us in: the whole AMQP handshake, with credentials and virtual host.
 *
 * @param timeoutMs how long the socket may be silent, in ms
 */
export async function acceptsConnections(url: string, timeoutMs: number): Promise<boolean> {
  try {
    const connection = await connect(url, { timeout: timeoutMs });
    // without a listener an error that follows the handshake would end the process
    connection.on('error', () => undefined);
    await connection.close();
    return true;
  } catch {
    return false;
  }
}
