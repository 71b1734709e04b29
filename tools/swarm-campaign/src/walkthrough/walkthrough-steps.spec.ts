import { walkthroughSteps } from './walkthrough-steps.ts';

const fence = '```';
const page = (body: string): string =>
  `## Before\n\n### One\n\n${fence}sh\nnot this\n${fence}\n\n## On Docker Swarm\n\n${body}\n## After\n\n${fence}sh\nnor this\n${fence}\n`;
const block = (language: string, code: string): string => `${fence}${language}\n${code}\n${fence}\n\n`;

describe('walkthroughSteps', () => {
  it('gives each block of commands of the section with its host and its output', () => {
    const body = `### A swarm\n\n${block('sh', 'docker node ls')}${block('text', 'ID')}${block('sh', '# on node-2\ndocker swarm leave')}`;
    expect(walkthroughSteps(page(body))).toEqual([
      { heading: 'A swarm', line: 13, host: undefined, script: 'docker node ls\n', expected: 'ID\n' },
      { heading: 'A swarm', line: 21, host: 'node-2', script: 'docker swarm leave\n', expected: undefined },
    ]);
  });

  it.each([
    ['commands without a heading', block('sh', 'ls')],
    ['output without commands', `### A swarm\n\n${block('text', 'ID')}`],
    ['two outputs', `### A swarm\n\n${block('sh', 'ls')}${block('text', 'a')}${block('text', 'b')}`],
    ['output below another heading', `### A swarm\n\n${block('sh', 'ls')}### Scale\n\n${block('text', 'a')}`],
    ['another language', `### A swarm\n\n${block('sh', 'ls')}${block('json', '{}')}`],
  ])('refuses %s', (_what, body) => {
    expect(() => walkthroughSteps(page(body))).toThrow(/^README\.md:\d+: /);
  });

  it('refuses a page without the section', () => {
    expect(() => walkthroughSteps('# One\n')).toThrow('On Docker Swarm');
  });
});
