import { Buffer } from 'node:buffer';
import { request } from 'node:http';
import { connect } from 'node:net';

/**
 * A connection to the host and port of `target`.
 *
 * @throws when there is none within `timeoutMs`: nothing was sent then
 */
export function openConnection(target, timeoutMs) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: target.hostname, port: Number(target.port || 80) });
    const fail = (error) => {
      socket.destroy();
      reject(error);
    };
    const late = () => fail(new Error(`no connection to ${target.host} within ${timeoutMs} ms`));
    socket.setTimeout(timeoutMs, late);
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.off('error', fail).off('timeout', late);
      socket.setTimeout(0);
      // its first error goes to the request; any later one, after the answer, is of no interest
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/**
 * One request and its answer on a connection that is used for nothing else.
 *
 * @throws when there is no whole answer within `timeoutMs` or before `signal` is aborted: what came of the request is
 * not known then
 */
export function exchange(socket, { method, target, path, body, timeoutMs, signal }) {
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const headers = {
    host: target.host,
    connection: 'close',
    ...(payload && { 'content-type': 'application/json', 'content-length': payload.length }),
  };
  return new Promise((resolve, reject) => {
    const sent = request({ createConnection: () => socket, method, path, headers, signal }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        try {
          resolve({ status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()) });
        } catch (caught) {
          reject(new Error(`status ${response.statusCode} with a body that is not JSON`, { cause: caught }));
        }
      });
    });
    sent.setTimeout(timeoutMs, () => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    sent.once('error', reject);
    sent.end(payload);
  });
}
