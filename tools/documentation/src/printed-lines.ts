/** A statement that prints, with what it prints in a comment behind it. */
const printing = /^\s*(?:print|console\.log)\(.*\);?\s+(?:#|\/\/) (.+)$/;

/**
 * What a program of the documentation says it prints, line by line.
 *
 * @throws Error when a statement prints and does not say what
 */
export function printedLines(program: string): readonly string[] {
  return program
    .split('\n')
    .filter((line) => /^\s*(?:print|console\.log)\(/.test(line))
    .map((line) => {
      const printed = printing.exec(line)?.[1];
      if (printed === undefined) throw new Error(`say in a comment what it prints: ${line.trim()}`);
      return printed;
    });
}
