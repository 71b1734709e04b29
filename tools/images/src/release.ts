import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What images are named and dated by. */
export interface Release {
  /** Of the root's package.json. */
  readonly version: string;
  /** Undefined outside of a git checkout. */
  readonly commit?: Commit;
}

export interface Commit {
  readonly hash: string;
  /** Seconds since 1970, of the committer. */
  readonly time: number;
  /** Whether the checkout differs from it, by files that git does not know or otherwise. */
  readonly isDirty: boolean;
}

/** The release that the checkout in `root` is at. */
export function readRelease(root: string): Release {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const head = git(root, ['log', '-1', '--format=%H %ct']);
  if (head === undefined) return { version };
  const [hash = '', time] = head.split(' ');
  return {
    version,
    commit: { hash, time: Number(time), isDirty: git(root, ['status', '--porcelain']) !== '' },
  };
}

/** The tags of an image of this release: `0.1.0`, and `0.1.0-<12 digits of the commit>[-dirty]`. */
export function tagsOf({ version, commit }: Release): string[] {
  if (commit === undefined) return [version];
  return [version, `${version}-${commit.hash.slice(0, 12)}${commit.isDirty ? '-dirty' : ''}`];
}

/** What git says; undefined when there is no git here, or no checkout. */
function git(root: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
