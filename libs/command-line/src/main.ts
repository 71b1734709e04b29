import { maskCredentials } from '@celeriac/app-shell';
import { CeleryError, coerceError, ImproperlyConfiguredError } from '@celeriac/primitives';
import { CommanderError } from 'commander';
import type { Writable } from 'node:stream';
import { CommandError, UsageError } from './command-errors.ts';
import { openAmqpTransport, type CommandFrame } from './command-frame.ts';
import { createProgram } from './program.ts';

export interface MainOptions extends Pick<CommandFrame, 'host' | 'programUrl'> {
  /** Default: RabbitMQ, by the settings. */
  readonly openTransport?: CommandFrame['openTransport'];
}

/**
 * Runs a command line and ends the process: with 0 when all went well, 1 when a command failed, 2 when the command line
 * is wrong, and what the worker's own end says for `worker`.
 *
 * @param args what follows the program's name
 */
export async function main(args: readonly string[], options: MainOptions): Promise<void> {
  const { host, programUrl, openTransport = openAmqpTransport } = options;
  const frame: CommandFrame = { host, programUrl, openTransport, exitCode: 0, isOutputAwaited: true };
  host.stdout.on('error', () => undefined); // the reader has seen enough, as `head` does
  const exitCode = await run(args, frame);
  if (frame.isOutputAwaited) await written(host.stdout);
  host.exit(exitCode);
}

/** Resolves when all is written, or can never be: a pipe takes 64 KiB at a time, and the end of the process drops the rest. */
async function written(output: Writable): Promise<void> {
  if (output.destroyed || output.writableLength === 0) return;
  await new Promise<void>((resolve) => {
    output.once('error', () => {
      resolve();
    });
    output.write('', () => {
      resolve();
    });
  });
}

async function run(args: readonly string[], frame: CommandFrame): Promise<number> {
  const program = createProgram(frame);
  if (args.length === 0) {
    program.outputHelp();
    return 0;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return frame.exitCode;
  } catch (caught) {
    // commander has said what is wrong; asked for help or version, it ends with 0
    if (caught instanceof CommanderError) return caught.exitCode === 0 ? 0 : 2;
    frame.host.stderr.write(`error: ${textOf(caught)}\n`);
    return caught instanceof UsageError ? 2 : 1;
  }
}

/** What is known to happen is told in a line; a mistake of ours with where it happened. */
function textOf(caught: unknown): string {
  const error = coerceError(caught);
  // these say what a URL looks like, and hide what is in the one that was given
  if (error instanceof UsageError || error instanceof ImproperlyConfiguredError) return error.message;
  const isKnown = error instanceof CeleryError || error instanceof CommandError;
  return maskCredentials(isKnown ? error.message : (error.stack ?? error.message));
}
