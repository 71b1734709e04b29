import type { Settings } from '@celeriac/app-shell';
import { AmqpTransport, type Transport } from '@celeriac/amqp-transport';
import type { CommandLineProcess } from './command-line-process.ts';

/** What a command works with. */
export interface CommandFrame {
  readonly host: CommandLineProcess;
  /** URL of the program's file, from which its manifest and those of its dependencies are found. */
  readonly programUrl: string;
  /** Opens the way to the broker. Nothing connects before it is used. */
  readonly openTransport: (settings: Settings) => Transport;
  /** What the process ends with when no error escapes the command; a command may set it. */
  exitCode: number;
  /** Whether the end of the process waits until standard output is read. A worker's log must not hold it up. */
  isOutputAwaited: boolean;
}

/** A transport to the broker of the settings. A command that fails says why; what happens on the way is not logged. */
export function openAmqpTransport(settings: Settings): Transport {
  const { brokerUrl, brokerHeartbeatSeconds, brokerConnectionTimeoutMs } = settings;
  return new AmqpTransport({
    brokerUrl,
    brokerHeartbeatSeconds,
    brokerConnectionTimeoutMs,
    name: 'celeriac',
  });
}
