import { lutimesSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Gives a folder and all in it one time of last change, links themselves included, so that their layer is the same each time. */
export function normaliseTimes(folder: string, epochSeconds: number): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) normaliseTimes(path, epochSeconds);
    else lutimesSync(path, epochSeconds, epochSeconds);
  }
  lutimesSync(folder, epochSeconds, epochSeconds);
}
