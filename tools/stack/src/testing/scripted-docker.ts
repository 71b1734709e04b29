import type { DockerCommand } from '../docker-command.ts';
import type { Docker } from '../docker.ts';

export interface ScriptedDocker extends Docker {
  /** Every command that changed something, in order, as its words. */
  readonly changes: readonly string[];
  readonly commands: readonly DockerCommand[];
  readonly said: readonly string[];
}

/**
 * A docker whose answers a spec decides by the beginning of the command; the longest that fits counts. A question without an
 * answer is an error.
 */
export function scriptedDocker(
  answers: Readonly<Record<string, string | (() => string)>>,
  isPrintOnly = false,
): ScriptedDocker {
  const commands: DockerCommand[] = [];
  const changes: string[] = [];
  const said: string[] = [];
  const ask = async ({ args }: DockerCommand): Promise<string> => {
    await Promise.resolve();
    const line = args.join(' ');
    const [key] = Object.keys(answers)
      .filter((start) => line.startsWith(start))
      .sort((a, b) => b.length - a.length);
    const answer = key === undefined ? undefined : answers[key];
    if (answer === undefined) throw new Error(`unexpected question: docker ${line}`);
    return typeof answer === 'string' ? answer : answer();
  };
  return {
    isPrintOnly,
    changes,
    commands,
    said,
    ask,
    watch: ask,
    change(command) {
      commands.push(command);
      changes.push(command.args.join(' '));
      return Promise.resolve();
    },
    say: (line) => said.push(line),
  };
}
