import { createInterface } from 'node:readline';
import type { CommandLineProcess } from './command-line-process.ts';

/**
 * Asks a question that is answered by yes or no, until it is. No answer, such as the end of the input, is a no.
 *
 * Source: click 8.5.1, `confirm`.
 */
export async function confirm(question: string, { stdin, stdout }: CommandLineProcess): Promise<boolean> {
  const prompt = `${question} [y/N]: `;
  const lines = createInterface({ input: stdin });
  try {
    stdout.write(prompt);
    for await (const line of lines) {
      const answer = line.trim().toLowerCase();
      if (answer === 'y' || answer === 'yes') return true;
      if (answer === '' || answer === 'n' || answer === 'no') return false;
      stdout.write(`Error: invalid input\n${prompt}`);
    }
    return false;
  } finally {
    lines.close();
  }
}
