import type { AppProcess } from '@celeriac/app-shell';
import type { Readable, Writable } from 'node:stream';

/** The part of `process` that the command line uses. */
export type CommandLineProcess = AppProcess & {
  readonly pid: number;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  cwd(): string;
  chdir(directory: string): void;
};
