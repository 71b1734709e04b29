/** Deepest nesting that can be written. */
const maxDepth = 1000;

// everything between the space and the tilde takes a byte, all else up to six
const escaped = /[^ -~]/;

/**
 * About how long the JSON of a value is, in bytes, without writing it. What cannot be written, as it contains itself,
 * counts nothing: whoever writes it says so.
 */
export function jsonSize(value: unknown): number {
  try {
    return sizeOf(value, 0);
  } catch (error) {
    if (error instanceof RangeError) return 0;
    throw error;
  }
}

function sizeOf(value: unknown, depth: number): number {
  switch (typeof value) {
    case 'string':
      return textSize(value);
    case 'object':
      return value === null ? 4 : objectSize(value, depth + 1);
    case 'bigint':
      return value.toString().length;
    default:
      return 8;
  }
}

function textSize(text: string): number {
  if (!escaped.test(text)) return text.length + 2;
  let size = text.length + 2;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit > 0x7e) size += 5;
  }
  return size;
}

function objectSize(value: object, depth: number): number {
  if (depth > maxDepth) throw new RangeError(`a value is nested deeper than ${maxDepth} levels`);
  if (ArrayBuffer.isView(value)) return value.byteLength * 6; // as text where they are, else base64: less
  let size = 2;
  if (Array.isArray(value)) {
    for (const item of value) size += sizeOf(item, depth) + 2;
    return size;
  }
  for (const key of Object.keys(value)) {
    size += textSize(key) + 4 + sizeOf((value as Readonly<Record<string, unknown>>)[key], depth);
  }
  return size;
}
