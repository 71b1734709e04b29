import type { Alias, ParsedNode, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { isAlias, isMap, isScalar } from 'yaml';
import { writePythonFloat } from '../float-text.ts';
import { DecodeError } from '../protocol-error.ts';
import { PythonFloat } from '../python-float.ts';
import { maxNesting } from './content-limits.ts';
import { setMember } from './set-member.ts';
import type { YamlScalarType } from './yaml-scalar.ts';
import { yamlScalar, yamlTypeOf } from './yaml-scalar.ts';

/**
 * Most that a body may grow to where aliases are followed, counted as one for each value and each character of text: eight
 * times the largest body.
 */
const maxExpandedSize = 2 * 1024 * 1024;

const tagPrefix = 'tag:yaml.org,2002:';
const scalarTags = new Map<string, YamlScalarType>(
  (['null', 'bool', 'int', 'float', 'timestamp', 'binary', 'str'] as const).map(
    (type) => [tagPrefix + type, type] as const,
  ),
);

/** A value, what it would take if each alias in it were written out, and how deep it is. */
interface Built {
  readonly value: unknown;
  readonly size: number;
  readonly height: number;
}

function toKey(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : writePythonFloat(value);
  if (value instanceof PythonFloat) return writePythonFloat(value.value);
  throw new DecodeError('YAML cannot be read: a key must be a str, a number, a bool or null');
}

/** Builds the values of one document, in the order in which they come, so that aliases find their anchors. */
export class YamlValues {
  private readonly anchors = new Map<string, Built | 'open'>();
  private readonly keepFloats: boolean;

  constructor(keepFloats: boolean) {
    this.keepFloats = keepFloats;
  }

  /** @throws DecodeError for a tag that Python's `safe_load` does not know, an alias without anchor, or a bomb of aliases */
  build(node: ParsedNode | null): unknown {
    return this.buildNode(node).value;
  }

  private buildNode(node: ParsedNode | null): Built {
    if (node === null) return { value: null, size: 1, height: 0 };
    if (isAlias(node)) return this.follow(node);
    const { anchor } = node;
    if (anchor !== undefined) this.anchors.set(anchor, 'open');
    const built = isScalar(node)
      ? this.buildScalar(node)
      : isMap(node)
        ? this.buildMap(node)
        : this.buildSeq(node);
    if (built.size > maxExpandedSize)
      throw refusal(`aliases must not expand to more than ${maxExpandedSize} values`);
    if (built.height > maxNesting) throw refusal(`nested deeper than ${maxNesting} levels`);
    if (anchor !== undefined) this.anchors.set(anchor, built);
    return built;
  }

  private follow({ source }: Alias): Built {
    const built = this.anchors.get(source);
    if (built === undefined) throw refusal(`the alias ${JSON.stringify(source)} has no anchor before it`);
    if (built === 'open') throw refusal(`the alias ${JSON.stringify(source)} is within its own anchor`);
    return built;
  }

  private buildScalar({ source = '', tag, type }: Scalar): Built {
    const known = tag === undefined || tag === '!' ? typeWithoutTag(type, source) : scalarTags.get(tag);
    if (known === undefined) throw unknownTag(tag);
    return { value: yamlScalar(source, known, this.keepFloats), size: 1 + source.length, height: 0 };
  }

  private buildSeq({ items, tag }: YAMLSeq): Built {
    if (tag !== undefined && tag !== `${tagPrefix}seq`) throw unknownTag(tag);
    const built = (items as readonly (ParsedNode | null)[]).map((item) => this.buildNode(item));
    return { value: built.map(({ value }) => value), size: sizeOf(built), height: heightOf(built) };
  }

  private buildMap({ items, tag }: YAMLMap): Built {
    if (tag !== undefined && tag !== `${tagPrefix}map`) throw unknownTag(tag);
    const own: [string, unknown][] = [];
    const merged: Record<string, unknown>[] = [];
    const parts: Built[] = [];
    for (const { key, value } of items as readonly { key: ParsedNode | null; value: ParsedNode | null }[]) {
      const isMerge = isScalar(key) && key.type === 'PLAIN' && key.tag === undefined && key.source === '<<';
      const builtKey = isMerge ? undefined : this.buildNode(key);
      const builtValue = this.buildNode(value);
      parts.push(builtValue);
      if (builtKey === undefined) merged.push(...mappingsIn(builtValue.value));
      else {
        parts.push(builtKey);
        own.push([toKey(builtKey.value), builtValue.value]);
      }
    }
    const members: Record<string, unknown> = {};
    // of the mappings that are merged, the first wins; what the mapping itself has wins over all
    for (const [name, value] of [...merged.reverse().flatMap(Object.entries), ...own])
      setMember(members, name, value);
    return { value: members, size: sizeOf(parts), height: heightOf(parts) };
  }
}

function typeWithoutTag(style: Scalar['type'], text: string): YamlScalarType {
  return style === 'PLAIN' ? yamlTypeOf(text) : 'str';
}

function mappingsIn(value: unknown): Record<string, unknown>[] {
  const mappings: unknown[] = Array.isArray(value) ? value : [value];
  if (mappings.every(isPlainMapping)) return mappings;
  throw refusal('<< must merge a mapping or a list of mappings');
}

function isPlainMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function sizeOf(parts: readonly Built[]): number {
  return parts.reduce((sum, { size }) => sum + size, 1);
}

function heightOf(parts: readonly Built[]): number {
  return 1 + parts.reduce((most, { height }) => Math.max(most, height), 0);
}

function unknownTag(tag: string | undefined): DecodeError {
  return refusal(`the tag ${JSON.stringify(tag?.slice(0, 64))} is not one that safe_load builds`);
}

function refusal(rule: string): DecodeError {
  return new DecodeError(`YAML cannot be read: ${rule}`);
}
