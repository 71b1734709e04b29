import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = join(__dirname, '../../..');

/** Where an image can be named: Dockerfiles, stack and Compose files, and the programs and pages around them. */
const places = ['swarm-stack', 'README', 'docker', 'docs', 'tools'];
const endings = /(?:Dockerfile|\.(?:ya?ml|sh|ts|mjs|md))$/;
const skipped = /(?:^|\/)(?:node_modules|dist|out-tsc|test-output|decisions)(?:\/|$)|\.spec\.ts$|\/testing\//;

const files = readdirSync(root, { withFileTypes: true })
  .filter(({ name }) => places.some((place) => name.startsWith(place)))
  .flatMap((entry) => (entry.isDirectory() ? filesOf(join(root, entry.name)) : [join(root, entry.name)]))
  .filter((file) => endings.test(file) && !skipped.test(relative(root, file)))
  .map((file) => [relative(root, file), readFileSync(file, 'utf8')] as const);

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (skipped.test(relative(root, path))) return [];
    return entry.isDirectory() ? filesOf(path) : [path];
  });
}

/** An image of somebody else with a version; a port of four digits or five is none. */
const versioned =
  /(?<![\w./-])(?:rabbitmq|node|debian|curlimages\/curl|celeriac-lab\/celery):(?!\d{4,5}\b)\d[\w.-]*(?:@sha256:\w+)?/g;
const isExact = (image: string): boolean => /:\d+\.\d+\.\d+(?:-[a-z-]+)?$|@sha256:[0-9a-f]{64}$/.test(image);

/** All that a pattern finds, with the file that it is in. */
function found(pattern: RegExp, ending = /./): readonly (readonly [string, string])[] {
  return files
    .filter(([file]) => ending.test(file))
    .flatMap(([file, text]) =>
      [...text.matchAll(pattern)].map((match) => [file, match[1] ?? match[0]] as const),
    );
}

describe('images', () => {
  it('of others are named by an exact version or a digest', () => {
    const named = found(versioned);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter(([, image]) => !isExact(image))).toEqual([]);
  });

  it('are nowhere the latest', () => {
    expect(found(/(?<=[\w}]):latest\b/g)).toEqual([]);
  });

  it('of stack and Compose files have a tag', () => {
    // `${NAME}` is somebody else's choice, `${NAME:-image:tag}` is ours
    const images = found(/^\s*image: *(\S+)$/gm, /\.ya?ml$/)
      .filter(([, image]) => !/^\$\{\w+\}$/.test(image))
      .map(([file, image]) => [file, image.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')] as const);
    expect(images.length).toBeGreaterThan(6);
    expect(images.filter(([, image]) => !isExact(image))).toEqual([]);
  });

  it('that Dockerfiles begin with are an argument, a stage, or exact', () => {
    const stages = found(/ AS (\S+)$/gm, /Dockerfile$/).map(([, stage]) => stage);
    const known = [
      'scratch',
      // made of Debian's packages by the lab, which has no registry to pull it from
      'debian:trixie-slim',
      ...stages,
    ];
    const bases = found(/^FROM (\S+)/gm, /Dockerfile$/).filter(
      ([, base]) => !known.includes(base) && !/^\$\{\w+\}$/.test(base),
    );
    expect(bases.filter(([, base]) => !isExact(base))).toEqual([]);
    expect(found(/^ARG \w*IMAGE=(\S+)$/gm, /Dockerfile$/).filter(([, image]) => !isExact(image))).toEqual([]);
  });

  it('are of one version, wherever they are named', () => {
    const versions = (name: string): ReadonlySet<string> =>
      new Set(
        found(versioned)
          .map(([, image]) => image)
          .filter((image) => image.startsWith(`${name}:`)),
      );
    expect([...versions('rabbitmq')].sort()).toEqual(['rabbitmq:4.0.9', 'rabbitmq:4.0.9-management']);
    expect(versions('celeriac-lab/celery').size).toBe(1);
    const nodes = [...versions('node')].map((image) => image.replace('-trixie-slim', ''));
    expect(new Set(nodes).size).toBe(1);
  });
});
