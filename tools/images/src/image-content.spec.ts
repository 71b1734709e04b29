import { contentProblems, type ImageContent } from './image-content.ts';

const good: ImageContent = {
  payloadBytes: 1e6,
  programs: ['/usr/local/bin/node', '/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2'],
  setuid: [],
  writable: [],
  components: ['pkg:npm/amqplib@2.3.1', 'pkg:generic/node@24.0.0', 'pkg:deb/debian/libc6@2.41'],
};

describe('contentProblems', () => {
  it('finds none in an image as it shall be', () => {
    expect(contentProblems(good)).toEqual([]);
  });

  it.each<[string, Partial<ImageContent>]>([
    ['/app has 10000000 bytes', { payloadBytes: 10e6 }],
    ['it has programs beside node: /bin/sh', { programs: [...good.programs, '/bin/sh'] }],
    ["it has files that give their owner's rights: /bin/su", { setuid: ['/bin/su'] }],
    ['its user may change /app/main.js', { writable: ['/app/main.js'] }],
    ['its bill of materials has no pkg:npm/amqplib@', { components: good.components.slice(1) }],
    ['its bill of materials has no pkg:deb/debian/libc6@', { components: good.components.slice(0, 2) }],
  ])('finds that %s', (problem, content) => {
    expect(contentProblems({ ...good, ...content })).toEqual([expect.stringContaining(problem)]);
  });
});
