import type { FootprintPoint } from '../point.ts';
import { median } from '../statistics.ts';
import { grouped, markdownTable } from './markdown-table.ts';

/** What the broker holds for its workers, and what one more costs it. */
export function footprintTable(points: readonly FootprintPoint[]): string {
  const counts = [...new Set(points.map(({ configuration }) => configuration.replicas))].sort(
    (a, b) => a - b,
  );
  const at = (
    replicas: number,
  ): Record<'connections' | 'channels' | 'openFiles' | 'connectionBytes', number> => {
    const results = points
      .filter(({ configuration }) => configuration.replicas === replicas)
      .map(({ result }) => result);
    const middle = (key: 'connections' | 'channels' | 'openFiles' | 'connectionBytes'): number =>
      median(results.map((result) => result[key]));
    return {
      connections: middle('connections'),
      channels: middle('channels'),
      openFiles: middle('openFiles'),
      connectionBytes: middle('connectionBytes'),
    };
  };
  const [few, many] = [counts[0] ?? NaN, counts.at(-1) ?? NaN];
  const [first, last] = [at(few), at(many)];
  const row = (name: string, value: (key: keyof typeof first) => number, digits: number): string[] => [
    name,
    grouped(value('connections'), digits),
    grouped(value('channels'), digits),
    grouped(value('openFiles'), digits),
    grouped(value('connectionBytes') / 1024),
  ];
  return markdownTable(
    ['workers', 'connections', 'channels', 'open files of the broker', 'memory of connections, KiB'],
    [
      row(String(few), (key) => first[key], 0),
      row(String(many), (key) => last[key], 0),
      row('one more', (key) => (last[key] - first[key]) / (many - few), 1),
    ],
  );
}
