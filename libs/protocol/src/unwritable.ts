/** What stands in the way of writing a value, with the path to it, collected on the way out. */
export class Unwritable extends Error {
  path = '';

  at(key: string | number): this {
    const step =
      typeof key === 'number'
        ? `[${key}]`
        : /^[A-Za-z_$][\w$]*$/.test(key)
          ? `.${key}`
          : `[${JSON.stringify(key)}]`;
    // the innermost steps of a cycle say enough
    if (this.path.length < 200) this.path = step + this.path;
    return this;
  }
}
