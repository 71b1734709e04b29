/** One call of the docker command-line client. */
export interface DockerCommand {
  readonly args: readonly string[];
  /** Variables that are set for it, besides those that are set anyway. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What it reads from its standard input. */
  readonly input?: string;
}

/** The command as a person would type it into a shell. */
export function shellLine({ args, environment = {} }: DockerCommand): string {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${shellWord(value)}`);
  return [...variables, 'docker', ...args.map(shellWord)].join(' ');
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
