import type { CST, Document } from 'yaml';
import { Composer, Lexer, Parser } from 'yaml';
import { DecodeError } from '../protocol-error.ts';
import type { ValueCount } from '../value-count.ts';
import { maxNesting } from './content-limits.ts';
import { BadYamlScalar } from './yaml-scalar.ts';
import { isYamlDeeperThan } from './yaml-nesting.ts';
import { YamlValues } from './yaml-values.ts';

/**
 * Largest body in YAML, in bytes. Reading YAML takes a microsecond or more for each byte, and ten times that for a body
 * made to be slow, while nothing else runs.
 */
export const maxYamlBytes = 256 * 1024;

/** A token of YAML takes up to 700 bytes while the body is read, as much as so many values of another serializer. */
const valuesPerToken = 8;

/** What the scalars mean is decided by us, as PyYAML decides it; the library knows YAML 1.1 by other patterns. */
const composerOptions = {
  version: '1.1',
  schema: 'failsafe',
  resolveKnownTags: false,
  merge: false,
  uniqueKeys: false,
} as const;

function broken(why: string, cause?: unknown): DecodeError {
  return new DecodeError(`YAML is broken: ${why}`, { cause });
}

function* checkedTokens(text: string): Generator<CST.Token> {
  for (const token of new Parser().parse(text)) {
    if (token.type === 'error') throw broken(token.message);
    if (isYamlDeeperThan(token, maxNesting)) throw broken(`nested deeper than ${maxNesting} levels`);
    yield token;
  }
}

/** Before they are read: what the library makes of a text is many times as large as what comes of it. */
function countTokens(text: string, count: ValueCount): void {
  // no text has many more tokens than characters
  if (text.length * valuesPerToken * 2 <= count.rest) return;
  const tokens = new Lexer().lex(text);
  while (tokens.next().done !== true) count.add(valuesPerToken);
}

function compose(text: string): Document.Parsed | undefined {
  const documents = [...new Composer(composerOptions).compose(checkedTokens(text))];
  const [document] = documents;
  if (documents.length > 1) throw broken('a body must be one document, got several');
  const error = document?.errors[0];
  if (error !== undefined) throw broken(error.message.slice(0, 200), error);
  return document;
}

/**
 * Reads YAML as PyYAML's `safe_load` does, into the values that `parseJson` gives: timestamps as PythonScalar, binary as
 * Buffer, unsafe ints as bigint, with `floats: 'keep'` integral floats as PythonFloat. Keys become texts, as in JSON.
 *
 * Sets, ordered maps and pairs, which `safe_load` builds, are refused: our values have none.
 *
 * [YAML-READ] Source: PyYAML 6.0.3, yaml/constructor.py `SafeConstructor`; kombu 5.7.0, kombu/serialization.py
 * `register_yaml`; vectors `task-messages: yaml`.
 *
 * @param count counts the tokens, and limits them
 * @throws DecodeError naming what is wrong; with reason `body-too-large` beyond {@link maxYamlBytes}
 */
export function parseYaml(text: string, floats: 'number' | 'keep', count?: ValueCount): unknown {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxYamlBytes) {
    throw new DecodeError(`a body in YAML must be at most ${maxYamlBytes} bytes, got ${bytes}`, {
      reason: 'body-too-large',
    });
  }
  if (count !== undefined) countTokens(text, count);
  try {
    const contents = compose(text)?.contents;
    return new YamlValues(floats === 'keep').build(contents ?? null);
  } catch (error) {
    if (error instanceof BadYamlScalar) throw broken(error.message, error);
    throw error;
  }
}
