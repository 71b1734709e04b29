import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { buildArguments, buildImage } from './build-image.ts';

const root = join(__dirname, '../../..');
const release = {
  version: '0.1.0',
  commit: { hash: '0123456789abcdef0123456789abcdef01234567', time: 1_700_000_000, isDirty: false },
};

function valuesOf(flag: string, args: readonly string[]): string[] {
  return args.filter((_, index) => args[index - 1] === flag);
}

describe('buildArguments', () => {
  it('has what the release says, and both tags', () => {
    const args = buildArguments({ root, app: 'addition', release, env: {} });

    expect(args[0]).toBe('build');
    expect(args.at(-1)).toBe('.');
    expect(valuesOf('--build-arg', args)).toEqual([
      'APP=addition',
      'VERSION=0.1.0',
      'REVISION=0123456789abcdef0123456789abcdef01234567',
      'CREATED=2023-11-14T22:13:20Z',
      'SOURCE_DATE_EPOCH=1700000000',
    ]);
    expect(valuesOf('--tag', args)).toEqual([
      'celeriac/addition:0.1.0',
      'celeriac/addition:0.1.0-0123456789ab',
    ]);
  });

  it('says of a checkout with changes that it has them', () => {
    const dirty = { ...release, commit: { ...release.commit, isDirty: true } };

    const args = buildArguments({ root, app: 'addition', release: dirty, env: {} });

    expect(valuesOf('--build-arg', args)).toContain(
      'REVISION=0123456789abcdef0123456789abcdef01234567-dirty',
    );
    expect(valuesOf('--tag', args)).toContain('celeriac/addition:0.1.0-0123456789ab-dirty');
  });

  it('takes flags, a prefix and a folder', () => {
    const env = {
      CELERIAC_DOCKER_BUILD_FLAGS: ' --network  host ',
      CELERIAC_IMAGE_PREFIX: 'registry.example.org/',
    };

    const args = buildArguments({
      root,
      app: 'slow',
      appDir: 'tools/slow',
      release: { version: '1.0.0' },
      env,
    });

    expect(args.slice(1, 3)).toEqual(['--network', 'host']);
    expect(valuesOf('--build-arg', args)).toEqual(['APP=slow', 'APP_DIR=tools/slow', 'VERSION=1.0.0']);
    expect(valuesOf('--tag', args)).toEqual(['registry.example.org/slow:1.0.0']);
  });
});

describe('buildImage', () => {
  it('says in a line that there is no docker', async () => {
    const building = buildImage({ root, app: 'addition', release, env: {}, command: ['no-such-docker'] });

    await expect(building).rejects.toThrow('there is no no-such-docker command on the PATH');
  });

  it('says in a line that no engine answers', async () => {
    const refusing =
      "process.stderr.write('warning\\nCannot connect to the Docker daemon\\n'); process.exit(1)";
    const command = [process.execPath, '-e', refusing, '--'] as const;

    const building = buildImage({ root, app: 'addition', release, env: {}, command });

    await expect(building).rejects.toThrow('no Docker engine answers: Cannot connect to the Docker daemon');
  });
});

describe('docker/Dockerfile', () => {
  it('has the version of the workspace where none is given', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

    expect(readFileSync(join(root, 'docker/Dockerfile'), 'utf8')).toContain(`ARG VERSION=${version}\n`);
  });
});
