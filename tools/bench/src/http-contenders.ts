import type { PythonEnvironment } from '@celeriac/local-stack';
import { join } from 'node:path';
import type { Contender } from './contender.ts';

export interface HttpContender extends Contender {
  readonly port: number;
}

/** The producers that are compared, each on a port of its own. */
export function httpContenders(
  root: string,
  python: PythonEnvironment,
  ports: readonly [number, number, number],
): Readonly<Record<string, HttpContender>> {
  const [producerPort, barePort, flaskPort] = ports;
  return {
    producer: {
      name: 'producer',
      command: process.execPath,
      args: [join(root, 'apps/producer/dist/main.js')],
      env: { PORT: String(producerPort), CELERIAC_LOG_LEVEL: 'warn' },
      port: producerPort,
    },
    bare: {
      name: 'bare Fastify + amqplib',
      command: process.execPath,
      args: [join(root, 'tools/bench/dist/bare-producer.js')],
      env: { PORT: String(barePort) },
      port: barePort,
    },
    ...('executable' in python.newest ? { flask: flask(root, python.newest.executable, flaskPort) } : {}),
  };
}

function flask(root: string, executable: string, port: number): HttpContender {
  return {
    name: 'Flask + Celery',
    command: executable,
    args: ['-m', 'flask', '--app', 'calculator.producer:flask_app', 'run', '--port', String(port)],
    cwd: join(root, 'conformance/python'),
    port,
  };
}
