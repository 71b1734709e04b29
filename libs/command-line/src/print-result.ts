import { decodeException, writeJson, type ResultMessage } from '@celeriac/protocol';
import type { CommandFrame } from './command-frame.ts';

/**
 * Prints how a task ended: its value as JSON to standard output, floats as Python writes them; or its exception to
 * standard error, with exit code 1.
 *
 * @param options.traceback print the traceback instead, which is empty for a task that did not fail
 */
export function printResult(
  frame: CommandFrame,
  message: ResultMessage,
  options: { readonly traceback?: boolean } = {},
): void {
  const { stdout, stderr } = frame.host;
  if (message.status !== 'SUCCESS') frame.exitCode = 1;
  if (options.traceback === true) {
    stdout.write(`${(message.traceback ?? '').trimEnd()}\n`);
  } else if (message.status === 'SUCCESS') {
    stdout.write(`${writeJson(message.result)}\n`);
  } else {
    const { excType, message: text } = decodeException(message.result);
    stderr.write(`${message.status}: ${excType}: ${text}\n`);
  }
}
