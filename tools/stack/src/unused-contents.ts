import type { DockerCommand } from './docker-command.ts';
import type { StackService } from './stack-services.ts';
import { isVersionOf, versionedName, type VersionedContent } from './versioned-contents.ts';

export interface UnusedContentsOptions {
  readonly stack: string;
  readonly contents: readonly VersionedContent[];
  /** What the deploy has set; the versions of now stay, even where only services of others use them. */
  readonly digests: Readonly<Record<string, string>>;
  readonly services: readonly StackService[];
  /** Names of all secrets and configs of the stack. */
  readonly existing: ReadonlySet<string>;
}

/**
 * The commands that remove old versions of secrets and configs. One that a service would need for `docker service rollback`
 * is in use; it goes with the deploy after.
 */
export function removeUnusedContents(options: UnusedContentsOptions): readonly DockerCommand[] {
  const { stack, contents, digests, services, existing } = options;
  const used = new Set([
    ...services
      .flatMap(({ spec, previous }) => [...spec.contents, ...(previous?.contents ?? [])])
      .map(({ swarmName }) => swarmName),
    ...contents.map((content) => versionedName(stack, content, digests[content.variable] ?? '')),
  ]);
  return (['config', 'secret'] as const).flatMap((kind) => {
    const versions = contents.filter((content) => content.kind === kind);
    const unused = [...existing].filter(
      (name) => !used.has(name) && versions.some((content) => isVersionOf(stack, content, name)),
    );
    return unused.length === 0 ? [] : [{ args: [kind, 'rm', ...unused.sort()] }];
  });
}
