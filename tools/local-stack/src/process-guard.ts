import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/**
 * The guard's program. It reads which process groups there are; the end of its input means that its owner is done with them or
 * dead, however it died. In a session of its own and deaf to signals, it outlives a Ctrl-C that is meant for its owner.
 *
 * $1 tenths of a second between TERM and KILL; $2 folder to remove or empty; the rest a command to run at the end, or nothing.
 */
const GUARD_PROGRAM = `
trap '' HUP INT TERM
tenths=$1 folder=$2 groups=
shift 2
while read -r verb group; do
  case $verb in
    add) groups="$groups $group" ;;
    drop) kept=; for one in $groups; do [ "$one" = "$group" ] || kept="$kept $one"; done; groups=$kept ;;
  esac
done
tell() { for one in $groups; do kill -s "$1" -- "-$one" 2>/dev/null; done; }
alive() { for one in $groups; do kill -s 0 -- "-$one" 2>/dev/null && return 0; done; return 1; }
await() { left=$1; while [ "$left" -gt 0 ] && alive; do sleep 0.1; left=$((left - 1)); done; }
tell TERM
await "$tenths"
tell KILL
await 20
[ $# -eq 0 ] || "$@"
[ -z "$folder" ] || rm -rf -- "$folder"
`;

export interface ProcessGuardOptions {
  /** Removed at the end, with all that is in it. */
  readonly folder?: string;
  /** Run at the end, after the groups are gone. */
  readonly finalCommand?: readonly string[];
  /** How long a group may take to end after SIGTERM before SIGKILL, in ms. Default 20 000. */
  readonly graceMs?: number;
}

type Shell = ChildProcessByStdio<Writable, null, null>;

/**
 * Sees that processes and files end with their owner: with `close()`, and just the same when this process exits, throws or is killed.
 *
 * A small shell beside us holds the other end of a pipe; when the pipe closes it ends the groups it was told of (SIGTERM, then
 * SIGKILL) and removes the folder. An orderly end takes the same road as a crash, so the road is known to work.
 */
export class ProcessGuard {
  readonly #shell: Shell;
  readonly #ended: Promise<unknown>;

  private constructor(shell: Shell) {
    this.#shell = shell;
    this.#ended = once(shell, 'exit');
    this.#ended.catch(() => {
      // reported by open(); close() awaits it again
    });
  }

  /** Starts the guard. @throws the system's error when there is no `sh` */
  static async open(options: ProcessGuardOptions = {}): Promise<ProcessGuard> {
    const { folder = '', finalCommand = [], graceMs = 20_000 } = options;
    const tenths = String(Math.ceil(graceMs / 100));
    const shell = spawn('sh', ['-c', GUARD_PROGRAM, 'celeriac-guard', tenths, folder, ...finalCommand], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      cwd: '/', // it may outlive the folder we were started in
    });
    const guard = new ProcessGuard(shell);
    await once(shell, 'spawn');
    shell.stdin.on('error', () => {
      // a guard that was killed has nobody left to tell; close() still resolves
    });
    // it must not keep us alive: our end is what it waits for
    shell.unref();
    return guard;
  }

  /** The process id of the guard itself. */
  get pid(): number | undefined {
    return this.#shell.pid;
  }

  /** From now on the group ends when we do. */
  add(processGroup: number): void {
    this.#shell.stdin.write(`add ${String(processGroup)}\n`);
  }

  /** The group is gone; its number may come to belong to somebody else. */
  drop(processGroup: number): void {
    this.#shell.stdin.write(`drop ${String(processGroup)}\n`);
  }

  /** Ends the groups, runs the final command, removes the folder. Waits for all of it; may be called twice. */
  async close(): Promise<void> {
    this.#shell.ref();
    this.#shell.stdin.end();
    await this.#ended;
  }
}
