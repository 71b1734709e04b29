import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WorkerFixture } from '../testing/worker-fixture.ts';
import { loadHolders, tasksModuleUrl } from './load-holders.ts';

describe('loadHolders', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'load-holders-'));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function moduleOf(name: string, content: string): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  it('gives every holder that is exported, once', async () => {
    const path = moduleOf(
      'tasks #1.cjs', // a name that a URL has to escape
      `const holder = (queue) => ({ holder: { queue }, tasks: [] });
       Object.defineProperty(exports, '__esModule', { value: true });
       exports.add = holder('add');
       exports.default = exports.add;
       exports.others = [holder('divide'), holder('multiply'), 'no holder'];
       exports.timeout = 3;
       exports.nothing = null;`,
    );

    for (const module of [path, pathToFileURL(path), pathToFileURL(path).href]) {
      const holders = await loadHolders(module);
      expect(holders.map(({ holder }) => holder.queue)).toEqual(['add', 'divide', 'multiply']);
    }
  });

  it('refuses a module without holders, and says what it exports', async () => {
    const path = moduleOf(
      'settings.cjs',
      `Object.defineProperty(exports, '__esModule', { value: true }); exports.timeout = 3; exports.tasks = {};`,
    );

    await expect(loadHolders(path)).rejects.toMatchObject({
      code: 'ERR_IMPROPERLY_CONFIGURED',
      message: `${pathToFileURL(path).href} exports no tasks, but timeout, tasks; export what implement() gives, or an array of these`,
    });
  });

  it('says what is wrong with a path', async () => {
    const missing = join(folder, 'missing.js');
    await expect(loadHolders(missing)).rejects.toMatchObject({
      code: 'ERR_IMPROPERLY_CONFIGURED',
      message: `The tasks of ${pathToFileURL(missing).href} cannot be loaded: there is no such file`,
    });
    await expect(loadHolders(folder)).rejects.toThrow('it is a folder; name the module in it');
  });

  it('lets no module start a worker while it is loaded', async () => {
    const fixture = new WorkerFixture();
    const path = moduleOf('main.cjs', 'module.exports = globalThis.startWorker();');
    const started: Promise<void>[] = [];
    Object.assign(globalThis, {
      startWorker: () => {
        const starting = fixture.worker.start();
        starting.catch(() => undefined); // looked at below
        started.push(starting);
        return {};
      },
    });
    await expect(loadHolders(path)).rejects.toThrow('exports no tasks');
    await expect(started[0]).rejects.toThrow('starts a worker while it is loaded for its tasks');
    expect(fixture.worker.state).toBe('initializing');
    Reflect.deleteProperty(globalThis, 'startWorker');
  });

  it('refuses a module that throws, and says why', async () => {
    const path = moduleOf('broken.cjs', "throw new Error('no database');");

    await expect(loadHolders(path)).rejects.toMatchObject({
      code: 'ERR_IMPROPERLY_CONFIGURED',
      message: `The tasks of ${pathToFileURL(path).href} cannot be loaded: no database`,
    });
  });

  it('takes a relative path from where the process was started', () => {
    expect(tasksModuleUrl('dist/tasks.js')).toEqual(pathToFileURL(join(process.cwd(), 'dist/tasks.js')));
  });
});
