import { configProblems, type ImageInspection } from './image-config.ts';

const labels = ['title', 'description', 'version', 'revision', 'created', 'licenses', 'base.name'];
const good: ImageInspection = {
  Size: 134e6,
  Config: {
    User: '1000:1000',
    Entrypoint: ['/usr/local/bin/node', '--enable-source-maps', '/app/main.js'],
    Env: ['NODE_ENV=production'],
    Healthcheck: { Test: ['CMD', '/usr/local/bin/node', '/app/health.js'] },
    Labels: Object.fromEntries(labels.map((label) => [`org.opencontainers.image.${label}`, 'x'])),
  },
};

describe('configProblems', () => {
  it('finds none in an image as it shall be', () => {
    expect(configProblems(good)).toEqual([]);
  });

  it.each<[string, Partial<ImageInspection['Config']>]>([
    ['it runs as ""', { User: '' }],
    ['it runs as "root"', { User: 'root' }],
    ['it runs as "0:0"', { User: '0:0' }],
    [
      'its entry point is ["/bin/sh","-c","node /app/main.js"]',
      { Entrypoint: ['/bin/sh', '-c', 'node /app/main.js'] },
    ],
    ['its entry point is null', { Entrypoint: null }],
    ['it has arguments of its own, ["bash"]', { Cmd: ['bash'] }],
    [
      'its health check is ["CMD-SHELL","curl localhost"]',
      { Healthcheck: { Test: ['CMD-SHELL', 'curl localhost'] } },
    ],
    ['its health check is undefined', { Healthcheck: null }],
    ['NODE_ENV is not production', { Env: null }],
    ['it has no label for its title', { Labels: null }],
  ])('finds that %s', (problem, config) => {
    const problems = configProblems({ ...good, Config: { ...good.Config, ...config } });

    expect(problems).toContainEqual(expect.stringContaining(problem));
  });

  it('finds that it is too large', () => {
    expect(configProblems({ ...good, Size: 251e6 })).toEqual([
      'it has 251000000 bytes, and shall have less than 250000000',
    ]);
  });
});
