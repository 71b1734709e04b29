import { lastLines, runCommand } from '@celeriac/local-stack';
import { join } from 'node:path';

/** What `swarm-lab` ends with where no Docker engine can be started. */
const noEngine = 3;

/** A command of the lab or of Docker failed. */
export class LabError extends Error {
  override readonly name = 'LabError';
}

/** The Swarm lab of tools/swarm-lab, through its command line; which one, its own environment variables say. */
export class Lab {
  readonly program: string;
  /** Name of the lab: its processes are in control groups of that name. */
  readonly name: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #signal: AbortSignal;

  /** @param signal - ends the command that runs, and lets all others but {@link end} fail */
  constructor(root: string, env: NodeJS.ProcessEnv, signal: AbortSignal) {
    this.program = join(root, 'tools', 'swarm-lab', 'swarm-lab');
    this.name = env['SWARM_LAB_NAME'] ?? 'cellab';
    this.#env = env;
    this.#signal = signal;
  }

  /** Why no swarm can run on this machine; undefined when one can. */
  async missing(): Promise<string | undefined> {
    const { code, output } = await runCommand(this.program, ['check'], { env: this.#env });
    if (code === 0) return undefined;
    if (code === noEngine) return lastLines(output, 1).replace(/^swarm-lab: /, '');
    throw new LabError(`swarm-lab check: ${lastLines(output)}`);
  }

  /** A command of the lab, such as `up`. @throws LabError with the last lines that it wrote */
  async command(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const { code, output } = await runCommand(this.program, args, {
      env: { ...this.#env, ...env },
      signal: this.#signal,
    });
    if (code === 0) return output.trim();
    throw new LabError(
      `swarm-lab ${args.slice(0, 5).join(' ')} ended with ${String(code)}: ${lastLines(output, 8)}`,
    );
  }

  /** Ends the hosts and all that runs on them. @throws LabError */
  async end(): Promise<void> {
    const { code, output } = await runCommand(this.program, ['down'], { env: this.#env });
    if (code !== 0) throw new LabError(`swarm-lab down ended with ${String(code)}: ${lastLines(output, 8)}`);
  }

  /** A docker command on the manager. @throws LabError */
  docker(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    return this.command(['docker', 'n1', ...args], env);
  }
}
