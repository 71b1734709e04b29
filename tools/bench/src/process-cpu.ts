import { readdir, readFile, readlink } from 'node:fs/promises';

/** Linux counts CPU time in ticks of 1/100 s, whatever the kernel's own timer is (`getconf CLK_TCK`). */
const ticksPerSecond = 100;

/** CPU seconds, user and system, that the processes have used so far; ended ones count nothing. */
export async function cpuSeconds(pids: readonly number[]): Promise<number> {
  const ticks = await Promise.all(pids.map(cpuTicks));
  return ticks.reduce((sum, one) => sum + one, 0) / ticksPerSecond;
}

/** The process and all its descendants. */
export async function processTree(root: number): Promise<readonly number[]> {
  const parents = new Map<number, number>();
  for (const pid of await allPids()) {
    const fields = await statFields(pid);
    if (fields !== undefined) parents.set(pid, Number(fields[1]));
  }
  const tree = [root];
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  return tree;
}

/** The process that listens on a TCP port of this machine, or undefined when it is not ours to see. */
export async function pidListeningOn(port: number): Promise<number | undefined> {
  const inode = await listeningInode(port);
  if (inode === undefined) return undefined;
  for (const pid of await allPids()) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const descriptor of descriptors) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
      if (target === `socket:[${inode}]`) return pid;
    }
  }
  return undefined;
}

async function listeningInode(port: number): Promise<string | undefined> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const lines = (await readFile(table, 'utf8').catch(() => '')).split('\n');
    for (const line of lines) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(suffix) === true && fields[3] === '0A') return fields[9]; // 0A: LISTEN
    }
  }
  return undefined;
}

async function allPids(): Promise<readonly number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** The fields of /proc/<pid>/stat after the command, which may itself hold spaces and parentheses. */
async function statFields(pid: number): Promise<readonly string[] | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

async function cpuTicks(pid: number): Promise<number> {
  const fields = await statFields(pid);
  return fields === undefined ? 0 : Number(fields[11]) + Number(fields[12]);
}
