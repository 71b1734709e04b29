import type { Lab } from '../lab.ts';

/** @throws Error with what `docker stack config` or `docker compose config` warns of */
export async function assertNoWarnings(lab: Lab): Promise<void> {
  const warnings: string[] = [];
  const file = (name: string): readonly string[] => ['--compose-file', `${lab.root}/${name}`];
  for (const files of [
    file('swarm-stack.yml'),
    [...file('swarm-stack.yml'), ...file('swarm-stack.cluster.yml')],
  ]) {
    // `run` gives standard output and error together: a configuration is all that may be there
    const output = await lab.docker('stack', 'config', ...files);
    warnings.push(
      ...output.split('\n').filter((line) => /warn|obsolete|ignor|deprecat|unsupported/i.test(line)),
    );
  }
  if (warnings.length > 0) throw new Error(warnings.join('\n'));
}
