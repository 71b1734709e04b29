import { writeSync } from 'node:fs';

/** Prints figures of a fault spec, which asserts on generous bounds alone: what a machine reaches is for people to judge. */
export function report(what: string, figures: Readonly<Record<string, number>>): void {
  const shown = Object.entries(figures).map(([name, value]) => `${name}: ${value.toFixed(1)}`);
  writeSync(1, `${what}: ${shown.join(', ')}\n`); // past Jest, which would add where it was called
}
