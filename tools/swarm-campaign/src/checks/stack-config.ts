import type { Lab } from '../lab.ts';

/** The files that are deployed together, for the docker command that reads them. */
const configurations: readonly (readonly string[])[] = [
  stackConfig('swarm-stack.yml'),
  stackConfig('swarm-stack.yml', 'swarm-stack.cluster.yml'),
  stackConfig('swarm-stack.yml', 'swarm-stack.tls.yml'),
  stackConfig(
    'swarm-stack.yml',
    ...['swarm-stack.cluster.yml', 'swarm-stack.tls.yml', 'swarm-stack.cluster-tls.yml'],
    'swarm-stack.encrypted.yml',
  ),
  ['compose', '--file', 'docker/compose.yml', 'config'],
];

function stackConfig(...files: readonly string[]): readonly string[] {
  return ['stack', 'config', ...files.flatMap((file) => ['--compose-file', file])];
}

/** @throws Error with whatever docker complains of when it reads the stack files and that of Compose */
export async function assertNoWarnings(lab: Lab): Promise<void> {
  const complaints: string[] = [];
  for (const command of configurations) {
    // the configuration itself is of no interest: what is left is what docker wrote to standard error
    const script = 'cd "$1"; shift; exec docker "$@" 2>&1 >/dev/null';
    const written = await lab.run('bash', ['-c', script, 'bash', lab.root, ...command]);
    if (written !== '') complaints.push(`docker ${command.join(' ')}: ${written}`);
  }
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
}
