/** Sets a member of an object that holds a sender's dict, `__proto__` included, which is a key like any other. */
export function setMember(members: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') members[key] = value;
  else Object.defineProperty(members, key, { value, enumerable: true, configurable: true, writable: true });
}
