import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Point } from './point.ts';

/** What the points of a file were measured with: its first line. */
export interface Setting {
  /** `2026-11-23`. */
  readonly date: string;
  readonly commit: string;
  readonly cores: number;
  readonly processor: string;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly engine: string;
  readonly rounds: number;
  readonly windowSeconds: number;
}

/** Measurements as they were taken, JSON lines. */
export interface Measurements {
  readonly setting: Setting;
  readonly points: readonly Point[];
}

/** Begins a new file in place of an old one. */
export async function beginPointFile(path: string, setting: Setting): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(setting)}\n`);
}

/** Adds a point as soon as it is taken, so that an interruption costs no more than what comes after. */
export async function appendPoint(path: string, point: Point): Promise<void> {
  await appendFile(path, `${JSON.stringify(point)}\n`);
}

/** @throws Error when there is no such file, or it is empty */
export async function readPointFile(path: string): Promise<Measurements> {
  const [first, ...lines] = (await readFile(path, 'utf8')).trimEnd().split('\n');
  if (first === undefined || first === '') throw new Error(`${path} is empty; measure with npm run scaling`);
  return { setting: JSON.parse(first) as Setting, points: lines.map((line) => JSON.parse(line) as Point) };
}
