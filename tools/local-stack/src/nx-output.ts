/**
 * The projects that Nx had not finished when it was stopped, from what it printed: a list of projects at
 * the start, then a line for each that ended. With its output shown instead of kept there is nothing to go by, and none is named.
 */
export function unfinishedProjects(output: string): string[] {
  const listed = [...output.matchAll(/^- (?<project>\S+)$/gm)].map(({ groups }) => groups?.['project'] ?? '');
  const ended = new Set(
    [...output.matchAll(/nx run (?<project>[^\s:]+):/g)].map(({ groups }) => groups?.['project']),
  );
  return listed.filter((project) => !ended.has(project));
}
