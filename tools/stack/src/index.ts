/** `npm run stack`: the life of the Swarm stack, as plain docker commands (usage.ts). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rollback, scale, update } from './change-services.ts';
import { makeCertificates } from './certificates.ts';
import { parseCommandLine, type Action, type CommonOptions } from './command-line.ts';
import { deploy } from './deploy.ts';
import { createDocker } from './docker.ts';
import { makeSecrets } from './make-secrets.ts';
import { pinImages } from './pin-images.ts';
import { remove } from './remove.ts';
import { StackError, UsageError } from './stack-error.ts';
import { usage } from './usage.ts';

/**
 * Does what the arguments say, in the current folder, which is the root of the repository.
 *
 * @returns the exit code: 0 done, 1 failed or rolled back, 2 wrong arguments
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(parseCommandLine(args.filter((arg) => arg !== '--verbose')));
  } catch (error) {
    if (!(error instanceof StackError)) throw error;
    process.stderr.write(`stack: ${error.message}\n`);
    if (!(error instanceof UsageError)) return 1;
    process.stderr.write(usage);
    return 2;
  }
}

async function run(action: Action & CommonOptions): Promise<number> {
  const docker = createDocker(action);
  switch (action.action) {
    case 'build':
      return build(action.isPrintOnly);
    case 'secrets':
      await secrets(action.isPrintOnly);
      return 0;
    case 'certificates':
      await certificates(action.isPrintOnly);
      return 0;
    case 'pin':
      await pinImages(docker, process.cwd(), action);
      return 0;
    case 'deploy':
      await deploy(docker, process.cwd(), action);
      return 0;
    case 'scale':
      await scale(docker, action, action.scales);
      return 0;
    case 'update':
      await update(docker, action, action.tag, action.services);
      return 0;
    case 'rollback':
      await rollback(docker, action, action.services);
      return 0;
    case 'remove':
      await remove(docker, action, action.withVolumes);
      return 0;
  }
}

async function build(isPrintOnly: boolean): Promise<number> {
  process.stdout.write('$ npx nx run-many -t container\n');
  if (isPrintOnly) return 0;
  const nx = spawn('npx', ['nx', 'run-many', '-t', 'container'], { stdio: 'inherit' });
  const [code] = (await once(nx, 'close')) as [number | null];
  return code ?? 1;
}

async function secrets(isPrintOnly: boolean): Promise<void> {
  if (isPrintOnly) {
    process.stdout.write('# makes secrets/ with random passwords, unless it is there\n');
    return;
  }
  const written = await makeSecrets('secrets');
  process.stdout.write(
    written.length === 0
      ? 'secrets/ is complete and stays as it is\n'
      : `secrets/ has been made: ${written.join(', ')}\n`,
  );
}

async function certificates(isPrintOnly: boolean): Promise<void> {
  if (isPrintOnly) {
    process.stdout.write('# makes secrets/certificates/: a new certificate for the brokers, by openssl\n');
    return;
  }
  const written = await makeCertificates('secrets/certificates');
  process.stdout.write(`secrets/certificates/ has been made: ${written.join(', ')}\n`);
}
