import { cellsOf, columnsOf, type Columns } from './docker-table.ts';

/**
 * The lines of an output without what differs from run to run, so that two can be compared line by line:
 *
 * - identifiers, digests, join tokens, ages, moments, and the engine's version;
 * - the widths of a table's columns; in a list of a service's tasks also the host, which Swarm chooses;
 * - the port that the routing mesh publishes, which a kernel without IPVS does not have;
 * - progress: a terminal writes over it, so the last state of each line counts; that of single tasks only a terminal shows;
 * - the order of what a stack creates and removes, which is random.
 *
 * Everything else stays as it is.
 */
export function normaliseOutput(output: string): readonly string[] {
  const lines = lastProgress(
    output
      .trimEnd()
      .split('\n')
      .map((line) => line.trimEnd()),
  );
  return sortedRuns(withoutTables(lines).map(withoutRunDetails));
}

const progress = /^(overall progress|verify):/;
const taskProgress = /^\d+\/\d+:/;
const isEndOfProgress = /^verify: Service \S+ converged$/;

function lastProgress(lines: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let places = new Map<string, number>();
  for (const line of lines.filter((text) => !taskProgress.test(text))) {
    const key = progress.exec(line)?.[1];
    if (key === undefined) {
      kept.push(line);
      continue;
    }
    const place = places.get(key) ?? kept.length;
    kept[place] = line;
    places.set(key, place);
    // the next command begins anew
    if (isEndOfProgress.test(line)) places = new Map();
  }
  return kept;
}

function withoutTables(lines: readonly string[]): readonly string[] {
  let columns: Columns | undefined;
  return lines.map((line) => {
    const headings = columnsOf(line);
    if (headings !== undefined) {
      columns = headings;
      return headings.map(({ heading }) => heading).join(' | ');
    }
    const cells = columns === undefined ? undefined : cellsOf(columns, line);
    if (columns === undefined || cells === undefined) {
      columns = undefined;
      return line;
    }
    const names = columns.map(({ heading }) => heading);
    return cells.map((cell, index) => withoutCellDetails(names[index] ?? '', cell, names)).join(' | ');
  });
}

function withoutCellDetails(heading: string, cell: string, headings: readonly string[]): string {
  if (heading === 'ID') return cell.replace(/^[a-z0-9]+/, '<id>');
  if (heading === 'ENGINE VERSION') return cell.replace(/^\d+\.\d+\.\d\S*$/, '<version>');
  if (heading === 'NODE' && headings.includes('DESIRED STATE')) return cell.replace(/^\S+$/, '<node>');
  if (heading === 'PORTS') return cell.replace(/^\*:\d+->8000\/tcp$/, '');
  return cell;
}

const age = /(?:less than a second|about an? \w+|\d+ (?:second|minute|hour)s?)/;

function withoutRunDetails(line: string): string {
  return line
    .replaceAll(/sha256:[0-9a-f]{64}/g, 'sha256:<digest>')
    .replaceAll(/(?<=celeriac_[a-z_]+_)[0-9a-f]{12}$/g, '<digest>')
    .replaceAll(/SWMTKN-1-[0-9a-z]+-[0-9a-z]+/g, 'SWMTKN-1-<token>')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<time>')
    .replaceAll(/(?<=[@"])[0-9a-f]{12}(?=")/g, '<container>')
    .replaceAll(/(?<![\w-])[a-z0-9]{25}(?![\w-])/g, '<id>')
    .replaceAll(new RegExp(`${age.source} ago`, 'gi'), '<age> ago')
    .replaceAll(new RegExp(`^(.*\\bUp) ${age.source}`, 'gi'), '$1 <age>');
}

const isUnordered = /^(?:Creating|Removing) (?:network|secret|config|service) \S+$/;

function sortedRuns(lines: readonly string[]): readonly string[] {
  const sorted: string[] = [];
  let run: string[] = [];
  for (const line of lines) {
    if (isUnordered.test(line)) {
      run.push(line);
      continue;
    }
    sorted.push(...run.sort(), line);
    run = [];
  }
  return [...sorted, ...run.sort()];
}
