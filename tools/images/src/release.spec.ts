import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readRelease, tagsOf } from './release.ts';

describe('readRelease', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'release-'));
    writeFileSync(join(root, 'package.json'), '{"version": "1.2.3"}');
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  function git(...args: string[]): string {
    const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.org', '-c', 'commit.gpgSign=false'];
    const env = { ...process.env, GIT_COMMITTER_DATE: '1700000000 +0000' };
    return execFileSync('git', [...identity, ...args], { cwd: root, env, encoding: 'utf8' }).trim();
  }

  function commit(): string {
    git('init', '--quiet');
    git('add', '.');
    git('commit', '--quiet', '--message', 'first');
    return git('rev-parse', 'HEAD');
  }

  it('is a version alone outside of a checkout', () => {
    expect(readRelease(root)).toEqual({ version: '1.2.3' });
  });

  it('has the commit and its time', () => {
    const hash = commit();

    expect(readRelease(root)).toEqual({
      version: '1.2.3',
      commit: { hash, time: 1_700_000_000, isDirty: false },
    });
  });

  it.each(['package.json', 'new-file'])('is dirty when %s differs', (file) => {
    commit();
    writeFileSync(join(root, file), '{"version": "1.2.3" }');

    expect(readRelease(root).commit?.isDirty).toBe(true);
  });
});

describe('tagsOf', () => {
  const commit = { hash: '0123456789abcdef0123456789abcdef01234567', time: 0, isDirty: false };

  it.each([
    [undefined, ['1.2.3']],
    [commit, ['1.2.3', '1.2.3-0123456789ab']],
    [{ ...commit, isDirty: true }, ['1.2.3', '1.2.3-0123456789ab-dirty']],
  ])('of the commit %j are %j', (given, tags) => {
    expect(tagsOf({ version: '1.2.3', ...(given !== undefined && { commit: given }) })).toEqual(tags);
  });
});
