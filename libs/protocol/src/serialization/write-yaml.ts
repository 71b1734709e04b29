import { writePythonFloat } from '../float-text.ts';
import type { PythonScalar } from '../python-scalar.ts';
import type { PythonValueWriter } from './python-value.ts';
import { writePythonValue } from './python-value.ts';
import { yamlText } from './yaml-text.ts';

/** A key of this length or more is announced by a question mark, as PyYAML looks no further for the colon. */
const longKey = 128;
const base64LineLength = 76;

/**
 * Where a value comes: at the top, after the dash of an item, or after the colon of a member. A collection goes on in the
 * same line but for a member's, which begins a new one: a list at the column of the key, a dict two further.
 */
interface Place {
  readonly isMember: boolean;
  readonly listColumn: number;
  readonly dictColumn: number;
}

const top: Place = { isMember: false, listColumn: 0, dictColumn: 0 };

class YamlWriter implements PythonValueWriter {
  readonly format = 'YAML';
  private text = '';
  private place: Place = top;

  written(): Buffer {
    // ASCII alone, which latin1 copies as it is
    return Buffer.from(this.text, 'latin1');
  }

  none(): void {
    this.writeScalar('null');
  }

  bool(value: boolean): void {
    this.writeScalar(String(value));
  }

  int(value: bigint): void {
    this.writeScalar(String(value));
  }

  float(value: number): void {
    if (!Number.isFinite(value))
      this.writeScalar(Number.isNaN(value) ? '.nan' : value < 0 ? '-.inf' : '.inf');
    // YAML takes no float without a point
    else this.writeScalar(writePythonFloat(value).replace(/^([^.e]+)e/, '$1.0e'));
  }

  str(value: string): void {
    this.writeScalar(yamlText(value));
  }

  bytes(value: Uint8Array): void {
    if (value.length === 0) {
      this.writeScalar('!!binary ""');
      return;
    }
    const base64 = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    const indent = ' '.repeat(this.place.dictColumn === 0 ? 2 : this.place.dictColumn);
    let lines = '';
    for (let start = 0; start < base64.length; start += base64LineLength) {
      lines += `\n${indent}${base64.slice(start, start + base64LineLength)}`;
    }
    this.writeScalar(`!!binary |${lines}`);
  }

  scalar({ kind, text }: PythonScalar): boolean {
    if (kind !== 'datetime' && kind !== 'date') return false;
    this.writeScalar(text.replace('T', ' '));
    return true;
  }

  list(items: readonly unknown[], _depth: number, writeItem: (item: unknown, index: number) => void): void {
    if (items.length === 0) {
      this.writeScalar('[]');
      return;
    }
    const { place } = this;
    const column = place.listColumn;
    const inner: Place = { isMember: false, listColumn: column + 2, dictColumn: column + 2 };
    // not forEach, which leaves out what a sparse array lacks
    for (let index = 0; index < items.length; index += 1) {
      this.beginLine(place, column, index === 0);
      this.text += '- ';
      this.place = inner;
      writeItem(items[index], index);
    }
  }

  dict(
    entries: readonly (readonly [string, unknown])[],
    _depth: number,
    writeValue: (value: unknown, key: string) => void,
  ): void {
    if (entries.length === 0) {
      this.writeScalar('{}');
      return;
    }
    const { place } = this;
    const column = place.dictColumn;
    const inner: Place = { isMember: true, listColumn: column, dictColumn: column + 2 };
    for (const [index, [key, value]] of [...entries].sort(byCodePoints).entries()) {
      this.beginLine(place, column, index === 0);
      const keyText = yamlText(key);
      this.text += keyText.length < longKey ? `${keyText}:` : `? ${keyText}\n${' '.repeat(column)}:`;
      this.place = inner;
      writeValue(value, key);
    }
  }

  private beginLine(place: Place, column: number, isFirst: boolean): void {
    if (isFirst && !place.isMember) return;
    this.text += `${isFirst ? '\n' : ''}${' '.repeat(column)}`;
  }

  private writeScalar(text: string): void {
    this.text += `${this.place.isMember ? ' ' : ''}${text}\n`;
  }
}

/** As Python sorts texts; JavaScript would put what lies beyond the basic plane before the end of it. */
function byCodePoints([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/**
 * What PyYAML's `safe_dump` gives: block style, keys sorted, ASCII alone. Long texts stay in one line and are not folded,
 * which reads back the same; what comes twice is written twice, without anchors.
 *
 * Written here because `yaml` quotes, folds and escapes by rules of its own, which PyYAML does not always read back.
 *
 * [YAML-WRITE] Source: PyYAML 6.0.3, yaml/emitter.py, yaml/representer.py `SafeRepresenter`; kombu 5.7.0,
 * kombu/serialization.py `register_yaml`; vectors `task-messages: yaml`.
 *
 * @throws EncodeError when a value has no form in YAML, such as a Decimal, is nested too deeply or contains itself; names
 * the path to it
 */
export function writeYaml(value: unknown): Buffer {
  const writer = new YamlWriter();
  writePythonValue(value, writer);
  return writer.written();
}
