import type { CommandFrame } from '../command-frame.ts';
import { main } from '../main.ts';
import { pathToFileURL } from 'node:url';
import { FakeProcess } from './fake-process.ts';

/** How a command line ended, and what it printed. */
export interface CommandLineEnd {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunCommandLineOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** What the user types; the input ends after it. */
  readonly input?: string;
  readonly openTransport?: CommandFrame['openTransport'];
  readonly host?: FakeProcess;
}

/** URL of the program's source. */
export const programUrl = pathToFileURL(`${__dirname}/../celeriac.ts`).href;

/** Runs `celeriac` with arguments, in this process, beside the real one's streams and environment. */
export async function runCommandLine(
  args: readonly string[],
  { env, input = '', openTransport = noTransport, host = new FakeProcess(env) }: RunCommandLineOptions = {},
): Promise<CommandLineEnd> {
  host.stdin.end(input);
  await main(args, { host, programUrl, openTransport });
  return { exitCode: host.exitCodes[0], stdout: host.stdout.text, stderr: host.stderr.text };
}

function noTransport(): never {
  throw new Error('this command line was not to reach for the broker');
}
