/** The part of `docker image inspect` that is judged. */
export interface ImageInspection {
  readonly Size: number;
  readonly Config: {
    readonly User?: string;
    readonly Entrypoint?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
    readonly Env?: readonly string[] | null;
    readonly Healthcheck?: { readonly Test?: readonly string[] } | null;
    readonly Labels?: Readonly<Record<string, string>> | null;
  };
}

/** Largest image, unpacked, in bytes. */
const mostBytes = 250e6;

const labels = ['title', 'description', 'version', 'revision', 'created', 'licenses', 'base.name'];

/** What is wrong with an image, by what its configuration says; nothing when it is as the stack needs it. */
export function configProblems({ Size, Config }: ImageInspection): string[] {
  const { User = '', Entrypoint, Cmd, Env, Healthcheck, Labels } = Config;
  const problems: string[] = [];
  const expect = (isRight: boolean, problem: string): void => {
    if (!isRight) problems.push(problem);
  };
  expect(Size < mostBytes, `it has ${Size} bytes, and shall have less than ${mostBytes}`);
  expect(
    /^[1-9]\d*:[1-9]\d*$/.test(User),
    `it runs as ${JSON.stringify(User)}, and not as a user and group by number`,
  );
  expect(
    Entrypoint?.[0] === '/usr/local/bin/node' && Entrypoint.at(-1) === '/app/main.js',
    `its entry point is ${JSON.stringify(Entrypoint)}, and not node itself with /app/main.js`,
  );
  expect(!Cmd?.length, `it has arguments of its own, ${JSON.stringify(Cmd)}`);
  expect(
    isDeepEqual(Healthcheck?.Test, ['CMD', '/usr/local/bin/node', '/app/health.js']),
    `its health check is ${JSON.stringify(Healthcheck?.Test)}, and not /app/health.js without a shell`,
  );
  expect(Env?.includes('NODE_ENV=production') === true, 'NODE_ENV is not production');
  for (const label of labels) {
    expect((Labels?.[`org.opencontainers.image.${label}`] ?? '') !== '', `it has no label for its ${label}`);
  }
  return problems;
}

function isDeepEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
