import { imageState } from './image-state.ts';
import type { DockerCommand } from './docker.ts';

const commit = { hash: '0123456789abcdef0123456789abcdef01234567', time: 0, isDirty: false };
const release = { version: '0.1.0', commit };

/** A docker that knows these ids, and ends with this code. */
function engine(ids: readonly string[], code = 0): DockerCommand {
  const program = `console.log(${JSON.stringify(ids.join('\n'))}); process.exit(${code})`;
  return [process.execPath, '-e', program, '--'];
}

async function isRepeatable(given: typeof release, command: DockerCommand): Promise<boolean> {
  const [first, second] = await Promise.all(
    [1, 2].map(() => imageState('celeriac/addition', given, command)),
  );
  return first === second;
}

describe('imageState', () => {
  it('is the tags and the id of the image of this commit', async () => {
    expect(await imageState('celeriac/addition', release, engine(['sha256:a', 'sha256:a']))).toBe(
      'celeriac/addition:0.1.0 celeriac/addition:0.1.0-0123456789ab sha256:a',
    );
  });

  it.each([
    ['the image is gone', release, engine([], 1)],
    ['the version is another image than the commit', release, engine(['sha256:a', 'sha256:b'])],
    ['the checkout has changes', { ...release, commit: { ...commit, isDirty: true } }, engine(['a', 'a'])],
    ['there is no docker', release, ['no-such-docker'] as const],
  ])('never comes again when %s', async (_, given, command) => {
    expect(await isRepeatable(given, command)).toBe(false);
  });
});
