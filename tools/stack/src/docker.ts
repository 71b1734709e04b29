import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { shellLine, type DockerCommand } from './docker-command.ts';
import { StackError } from './stack-error.ts';

/**
 * The docker client of this machine. All methods that run a command reject with a `StackError` when docker is not there or
 * the command fails.
 */
export interface Docker {
  /** Prints a command that changes nothing, the first time, runs it, and gives what it writes. */
  ask(command: DockerCommand): Promise<string>;
  /** As `ask`, for what is looked at again and again while something is waited for: not printed. */
  watch(command: DockerCommand): Promise<string>;
  /** Prints a command that changes something, and runs it with its output shown, unless changes are only printed. */
  change(command: DockerCommand): Promise<void>;
  /** One line of what is going on. */
  say(line: string): void;
  /** True where changes are printed and not made. */
  readonly isPrintOnly: boolean;
}

export function createDocker({ isPrintOnly }: { readonly isPrintOnly: boolean }): Docker {
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const asked = new Set<string>();
  return {
    isPrintOnly,
    say,
    async ask(command) {
      const line = shellLine(command);
      if (!asked.has(line)) say(`$ ${line}`);
      asked.add(line);
      return run(command, 'kept');
    },
    watch: (command) => run(command, 'kept'),
    async change(command) {
      say(`$ ${shellLine(command)}`);
      if (!isPrintOnly) await run(command, 'shown');
    },
  };
}

async function run(command: DockerCommand, output: 'kept' | 'shown'): Promise<string> {
  const child = spawn('docker', command.args, {
    env: { ...process.env, ...command.environment },
    stdio: ['pipe', output === 'kept' ? 'pipe' : 'inherit', 'pipe'],
  });
  child.stdin?.end(command.input);
  const written = child.stdout === null ? Promise.resolve('') : text(child.stdout);
  const complaints = child.stderr === null ? Promise.resolve('') : text(child.stderr);
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new StackError('docker is not on the PATH: install the Docker client, or put it there', {
      cause: error,
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  const complaint = (await complaints).trim();
  if (code !== 0) {
    throw new StackError(`docker ${command.args.slice(0, 2).join(' ')} failed: ${complaint}`);
  }
  // warnings of a command that did its work
  if (output === 'shown' && complaint !== '') process.stderr.write(`${complaint}\n`);
  return written;
}
