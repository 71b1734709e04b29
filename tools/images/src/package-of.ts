/** An installed package, by where it is installed. */
export interface InstalledPackage {
  /** `@fastify/swagger-ui`. */
  readonly name: string;
  /** The beginning of the path that was given: `node_modules/a/node_modules/@fastify/swagger-ui`. */
  readonly folder: string;
}

/**
 * The installed package that a file belongs to: the innermost `node_modules` on its path counts.
 *
 * @throws TypeError when the path has no `node_modules`
 */
export function packageOf(path: string): InstalledPackage {
  const match = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path);
  if (match?.[1] === undefined) throw new TypeError(`${path} is not a file of an installed package`);
  return { name: match[1], folder: match[0] };
}
