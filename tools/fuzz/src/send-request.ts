import { connect } from 'node:net';

/** What came back for a request on a connection of its own. */
export interface RawAnswer {
  /** Undefined when the connection was closed without an answer. */
  readonly status: number | undefined;
  /** All bytes of the answer, head included. */
  readonly size: number;
}

const answerTimeoutMs = 60_000;

/**
 * Sends bytes over a connection of their own, and reads until the server closes it.
 *
 * @throws Error when the server neither answers nor closes for a minute
 */
export function sendRequest(port: number, bytes: Buffer, isWhole: boolean): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: false });
    let head = '';
    let size = 0;
    socket.setTimeout(answerTimeoutMs, () => {
      socket.destroy();
      reject(
        new Error(
          `no answer within ${answerTimeoutMs / 1000} s to ${bytes.subarray(0, 300).toString('latin1')}`,
        ),
      );
    });
    socket.on('connect', () => {
      // an unfinished request is given up, as a client does that leaves
      if (isWhole) socket.write(bytes);
      else socket.end(bytes);
    });
    socket.on('data', (chunk: Buffer) => {
      if (size < 20) head += chunk.subarray(0, 20).toString('latin1');
      size += chunk.length;
    });
    socket.on('error', () => undefined); // reset: whatever came before counts
    socket.on('close', () => {
      const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1];
      resolve({ status: status === undefined ? undefined : Number(status), size });
    });
  });
}
