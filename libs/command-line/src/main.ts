import { maskCredentials } from '@celeriac/app-shell';
import { CeleryError, coerceError, ImproperlyConfiguredError } from '@celeriac/primitives';
import { CommanderError } from 'commander';
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
  const frame: CommandFrame = { host, programUrl, openTransport, exitCode: 0 };
  host.exit(await run(args, frame));
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
