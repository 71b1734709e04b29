import { unfinishedProjects } from './nx-output.ts';

const header =
  ' NX   Running target test for 3 projects:\n\n- @celeriac/worker\n- @celeriac/client\n- @celeriac/bench\n\n\n';

describe('unfinishedProjects', () => {
  it('names those that were listed and neither passed nor failed', () => {
    const output = `${header}✔  nx run @celeriac/bench:test  [local cache]\n\n> nx run @celeriac/client:test\n\n> jest\n\nFAIL x\n- a line of a diff\n`;
    expect(unfinishedProjects(output)).toEqual(['@celeriac/worker']);
  });

  it('names none when all ended, and none without output', () => {
    const ended = ['worker', 'client', 'bench'].map((name) => `✔  nx run @celeriac/${name}:test\n`).join('');
    expect(unfinishedProjects(header + ended)).toEqual([]);
    expect(unfinishedProjects('')).toEqual([]);
  });
});
