import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One line of a record, or its text as it is. */
export type Line = Readonly<Record<string, unknown>> | string;

/** Folders of records, made empty and removed together. */
export class RecordFolders {
  readonly #folders: string[] = [];

  /** A folder with the parts that are named; a file of a part has the lines given, each ended. */
  async make(
    parts: Readonly<Record<string, Readonly<Record<string, readonly Line[]>>>>,
    tail = '',
  ): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'celeriac-records-'));
    this.#folders.push(folder);
    for (const [part, files] of Object.entries(parts)) {
      await mkdir(join(folder, part));
      for (const [name, lines] of Object.entries(files)) {
        const texts = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
        await writeFile(join(folder, part, name), texts.join('') + tail);
      }
    }
    return folder;
  }

  async removeAll(): Promise<void> {
    await Promise.all(this.#folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
  }
}
