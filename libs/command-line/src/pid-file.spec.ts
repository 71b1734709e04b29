import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takePidFile } from './pid-file.ts';

describe('takePidFile', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'celeriac-spec-'));
    path = join(folder, 'worker.pid');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('writes the process id, and removes the file at the end', () => {
    const remove = takePidFile(path, process.pid);

    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
    remove();
    expect(existsSync(path)).toBe(false);
  });

  it('refuses a file of a process that lives', () => {
    writeFileSync(path, `${process.ppid}\n`);

    expect(() => takePidFile(path, process.pid)).toThrow(
      `pidfile ${path} exists: the worker seems to be running already (pid ${process.ppid})`,
    );
    expect(readFileSync(path, 'utf8')).toBe(`${process.ppid}\n`);
  });

  it('replaces a file of a process that has died', async () => {
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await once(child, 'exit');
    writeFileSync(path, `${String(child.pid)}\n`);

    takePidFile(path, process.pid);

    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
  });

  it('replaces a file of its own id, as every first process of a container has the same', () => {
    writeFileSync(path, `${process.pid}\n`);

    expect(() => takePidFile(path, process.pid)).not.toThrow();
  });

  it("leaves alone what has become another's file", () => {
    const remove = takePidFile(path, process.pid);
    writeFileSync(path, '1\n');

    remove();

    expect(readFileSync(path, 'utf8')).toBe('1\n');
  });

  it.each(['', 'worker', '12 34'])("refuses a file that holds '%s'", (text) => {
    writeFileSync(path, text);

    expect(() => takePidFile(path, process.pid)).toThrow('holds no process id; remove it');
  });

  it('refuses a file that cannot be written', () => {
    expect(() => takePidFile(join(folder, 'no', 'worker.pid'), process.pid)).toThrow(
      'cannot be written (ENOENT)',
    );
  });
});
