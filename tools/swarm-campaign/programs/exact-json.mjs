/**
 * JSON that keeps every number as it is: `-0.0` is one, as in Python; integers beyond 2**53 have all their digits. `NaN`
 * and the infinities, which JSON lacks, become their names.
 */
export function writeExactJson(value) {
  const plain = typeof value?.toJSON === 'function' ? value.toJSON() : value;
  if (typeof plain === 'bigint') return String(plain);
  if (typeof plain === 'number' && Object.is(plain, -0)) return '-0.0';
  if (typeof plain === 'number' && !Number.isFinite(plain)) return JSON.stringify(String(plain));
  if (Array.isArray(plain)) return `[${plain.map(writeExactJson).join(',')}]`;
  if (typeof plain !== 'object' || plain === null) return JSON.stringify(plain) ?? 'null';
  const members = Object.entries(plain).map(([key, one]) => `${JSON.stringify(key)}:${writeExactJson(one)}`);
  return `{${members.join(',')}}`;
}
