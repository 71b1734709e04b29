import { readdirSync, readFileSync } from 'node:fs';

/** Parts of the measured stack whose CPU time is told apart. */
export const parts = ['broker', 'worker', 'publisher'] as const;
export type Part = (typeof parts)[number];

/** CPU time between two moments. */
export interface CpuUse {
  /** Share of all cores that was busy, 0 to 1, whoever kept them so. */
  readonly machine: number;
  /** Seconds of CPU that the processes of each part took. */
  readonly seconds: Readonly<Record<Part, number>>;
}

interface Sample {
  readonly at: number;
  readonly busyTicks: number;
  readonly totalTicks: number;
  readonly partTicks: ReadonlyMap<Part, number>;
}

/** Ticks in a second that the kernel counts CPU time in: USER_HZ, 100 on every platform that Node runs on. */
const ticksPerSecond = 100;
const intervalMs = 250;

/** Looks into /proc while something is measured, for the CPU time of the machine and of the lab's containers. */
export class CpuSampler {
  readonly #labName: string;
  readonly #samples: Sample[] = [];
  readonly #partByProcess = new Map<string, Part>();
  readonly #timer: NodeJS.Timeout;

  /** Begins to sample. @param labName - name of the lab, which is in the control groups of its processes */
  constructor(labName: string) {
    this.#labName = labName;
    this.#samples.push(this.#sample());
    this.#timer = setInterval(() => this.#samples.push(this.#sample()), intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** What was used between two moments of the past (ms since 1970), to the nearest sample. */
  use(from: number, to: number): CpuUse {
    const [first, last] = [this.#nearest(from), this.#nearest(to)];
    const ticks = (part: Part): number => (last.partTicks.get(part) ?? 0) - (first.partTicks.get(part) ?? 0);
    // the samples may be a quarter of a second off, so that seconds are scaled to the window itself
    const scale = (to - from) / (last.at - first.at) / ticksPerSecond;
    return {
      machine: (last.busyTicks - first.busyTicks) / (last.totalTicks - first.totalTicks),
      seconds: {
        broker: ticks('broker') * scale,
        worker: ticks('worker') * scale,
        publisher: ticks('publisher') * scale,
      },
    };
  }

  #nearest(moment: number): Sample {
    return this.#samples.reduce((best, sample) =>
      Math.abs(sample.at - moment) < Math.abs(best.at - moment) ? sample : best,
    );
  }

  #sample(): Sample {
    const partTicks = new Map<Part, number>();
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      // others are asked again, as a container's process is the engine's at first
      const part = this.#partByProcess.get(pid) ?? partOf(pid, this.#labName);
      if (part === undefined) continue;
      this.#partByProcess.set(pid, part);
      partTicks.set(part, (partTicks.get(part) ?? 0) + processTicks(pid));
    }
    const [, user = 0, nice = 0, system = 0, idle = 0, ioWait = 0, irq = 0, softIrq = 0, steal = 0] =
      read('/proc/stat').split('\n', 1)[0]?.split(/ +/).map(Number) ?? [];
    const busyTicks = user + nice + system + irq + softIrq + steal;
    return { at: Date.now(), busyTicks, totalTicks: busyTicks + idle + ioWait, partTicks };
  }
}

/** Which part a process belongs to, by its command line; undefined for all others and for other labs. */
function partOf(pid: string, labName: string): Part | undefined {
  if (!read(`/proc/${pid}/cgroup`).includes(`/${labName}/`)) return undefined;
  const [program = '', ...args] = read(`/proc/${pid}/cmdline`)
    .split('\0')
    .filter((arg) => arg !== '');
  if (program.endsWith('/beam.smp')) return 'broker';
  const main = args.indexOf('/app/main.js');
  if (main === -1) return undefined;
  return args.length === main + 1 ? 'worker' : 'publisher';
}

/** User and system time of a process with all its threads; 0 once it has ended. */
function processTicks(pid: string): number {
  // the second field is the program's name in parentheses, which may have spaces
  const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

/** A file of /proc; empty when the process has ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
