function isEscaped(text: string, index: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(index - 1 - backslashes) === 0x5c) backslashes += 1;
  return backslashes % 2 === 1;
}

/** Index of the quote that ends the JSON string whose first quote is at `start`; -1 when nothing ends it. */
export function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

/** What a JSON text holds, found without reading it. */
export interface JsonMeasure {
  /** Deepest nesting. */
  readonly depth: number;
  /** Arrays, objects, keys and scalars. */
  readonly values: number;
}

/** Measures a JSON text; of a text that is no JSON the numbers mean nothing. Stops beyond one of the limits. */
export function measureJson(text: string, maxDepth: number, maxValues: number): JsonMeasure {
  let open = 0;
  let depth = 0;
  let values = 0;
  let isInScalar = false;
  for (let index = 0; index < text.length && depth <= maxDepth && values <= maxValues; index += 1) {
    switch (text.charCodeAt(index)) {
      case 0x22: // "
        values += 1;
        index = endOfStringAfter(text, index);
        break;
      case 0x5b: // [
      case 0x7b: // {
        values += 1;
        open += 1;
        if (open > depth) depth = open;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        open -= 1;
        isInScalar = false;
        break;
      case 0x2c: // ,
      case 0x3a: // :
      case 0x20:
      case 0x09:
      case 0x0a:
      case 0x0d:
        isInScalar = false;
        break;
      default:
        if (!isInScalar) values += 1;
        isInScalar = true;
    }
  }
  return { depth, values };
}

/** Like {@link endOfString}, by one look at each character: the end of the text when nothing ends it. */
function endOfStringAfter(text: string, start: number): number {
  let index = start + 1;
  for (; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x22) break;
    if (code === 0x5c) index += 1;
  }
  return index;
}
