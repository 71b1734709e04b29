import { access, readdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { programPath, startNode, type EndedProgram } from './testing/program.ts';
import { RecordFolders } from './testing/records.ts';

/** Publishes as a worker does; `Float` is a number in the worker's own clothes. */
function publishing(messages: string): string {
  return `
    const { channel } = require('node:diagnostics_channel');
    class Float { constructor(value) { this.value = value; } toJSON() { return this.value; } }
    const run = { task_id: 'a', task: 'add', args: [{ num_1: 7, num_2: '2' }], kwargs: {}, state: 'SUCCESS',
      retval: 9, delivery_info: { redelivered: false, routing_key: 'addition' } };
    for (const message of ${messages}) channel('celeriac.task_postrun').publish(message);
  `;
}

describe('record-tasks', () => {
  const folders = new RecordFolders();
  afterEach(() => folders.removeAll());

  function runWith(script: string, env: NodeJS.ProcessEnv): Promise<EndedProgram> {
    return startNode(['--import', programPath('record-tasks.mjs'), '-e', script], env).ended;
  }

  function environment(folder: string): NodeJS.ProcessEnv {
    return { RECORDS_DIR: folder, CAMPAIGN_SERVICE: 'addition' };
  }

  it('appends one line for every run to the file of its service and host', async () => {
    const folder = await folders.make({ tasks: {} });
    const before = Date.now();
    const script = publishing(
      "[run, { ...run, task_id: 'b', state: 'FAILURE', retval: new TypeError('no'), delivery_info: { redelivered: true } }]",
    );

    const ended = await runWith(script, environment(folder));
    await runWith(publishing('[run]'), environment(folder));

    expect(ended).toEqual({ code: 0, output: '', errors: '' });
    const file = await readFile(join(folder, 'tasks', `addition-${hostname()}.jsonl`), 'utf8');
    expect(file.endsWith('\n')).toBe(true);
    const runs = file
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly at: number });
    const first = {
      ...{
        at: expect.any(Number) as number,
        id: 'a',
        task: 'add',
        args: [{ num_1: 7, num_2: '2' }],
        kwargs: {},
      },
      ...{ state: 'SUCCESS', retval: 9, redelivered: false, hostname: hostname() },
    };
    const failed = { state: 'FAILURE', retval: { type: 'TypeError', message: 'no' }, redelivered: true };
    expect(runs).toEqual([first, { ...first, id: 'b', ...failed }, first]);
    expect(runs[0]?.at).toBeGreaterThanOrEqual(before);
  });

  it.each([
    ['0.1 + 0.2', '0.30000000000000004'],
    ['new Float(-0)', '-0.0'],
    ['5e-324', '5e-324'],
    ['2n ** 70n', '1180591620717411303424'],
    ['NaN', '"NaN"'],
    ['new Float(-Infinity)', '"-Infinity"'],
    ['undefined', 'null'],
    ["['é', null, true, { deep: [-0] }]", '["é",null,true,{"deep":[-0.0]}]'],
  ])('keeps the value %s exactly', async (value, text) => {
    const folder = await folders.make({ tasks: {} });

    await runWith(publishing(`[{ ...run, retval: ${value} }]`), environment(folder));

    const file = await readFile(join(folder, 'tasks', `addition-${hostname()}.jsonl`), 'utf8');
    expect(file).toContain(`"retval":${text},`);
  });

  it('makes no file in a process that runs no task, such as a health check', async () => {
    const folder = await folders.make({ tasks: {} });

    expect((await runWith('', environment(folder))).code).toBe(0);
    expect(await readdir(join(folder, 'tasks'))).toEqual([]);
  });

  it.each([
    ['the folder is not there', { RECORDS_DIR: '/nonexistent', CAMPAIGN_SERVICE: 'addition' }, /nonexistent/],
    ['the folder is not named', { CAMPAIGN_SERVICE: 'addition' }, /RECORDS_DIR is not set/],
    ['the service is not named', { RECORDS_DIR: '/tmp' }, /CAMPAIGN_SERVICE is not set/],
  ])('does not let a worker start when %s', async (_why, env, message) => {
    const ended = await runWith("process.stdout.write('started')", env);

    expect(ended).toMatchObject({ code: 1, output: '' });
    expect(ended.errors).toMatch(message);
  });

  it('ends a worker whose run it cannot record', async () => {
    const folder = await folders.make({ tasks: {} });
    const remove = `require('node:fs').rmSync(${JSON.stringify(folder)}, { recursive: true });`;

    const ended = await runWith(`${remove}${publishing('[run]')}`, environment(folder));

    expect(ended.code).not.toBe(0);
    expect(ended.errors).toContain('ENOENT');
    await expect(access(folder)).rejects.toThrow();
  });
});
