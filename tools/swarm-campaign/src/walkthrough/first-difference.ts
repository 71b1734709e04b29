/** The first line in which an output is not what was expected, with what surrounds it; undefined when they are equal. */
export function firstDifference(expected: readonly string[], printed: readonly string[]): string | undefined {
  const length = Math.max(expected.length, printed.length);
  const index = Array.from({ length }, (_, place) => place).find(
    (place) => expected[place] !== printed[place],
  );
  if (index === undefined) return undefined;
  const shown = (line: string | undefined): string => line ?? '(nothing more)';
  return [
    `differs in line ${index + 1} of the output`,
    `the README has  ${shown(expected[index])}`,
    `printed was     ${shown(printed[index])}`,
    'all that was printed:',
    ...printed,
  ].join('\n');
}
