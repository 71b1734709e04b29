import { coerceError, ImproperlyConfiguredError, type Logger } from '@celeriac/primitives';
import { parseJson, writeJson } from '@celeriac/protocol';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RevokedTasks } from './revoked-tasks.ts';

/** Changes are saved together, at most this often, in ms. */
const saveEveryMs = 1000;

const format = 'celeriac-worker-state';
const version = 1;

export interface RevokedStateFileOptions {
  /** `worker_state_db`. One worker's own; its folder must exist. */
  readonly path: string;
  readonly revoked: RevokedTasks;
  readonly logger: Logger;
}

/**
 * Keeps what is revoked over a restart, in a JSON file: Celery's `worker_state_db`, but not its format, which is pickle.
 *
 * The file is replaced whole (written beside, synced, renamed), so that it is never half-written, at most once a second
 * and when it is closed. What was revoked within the last second before a crash may be missing.
 */
export class RevokedStateFile {
  readonly #path: string;
  readonly #revoked: RevokedTasks;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();
  #hasChanges = false;
  #hasFailed = false;
  #isClosed = false;

  private constructor({ path, revoked, logger }: RevokedStateFileOptions) {
    this.#path = path;
    this.#revoked = revoked;
    this.#logger = logger;
  }

  /**
   * Adds what the file holds to `revoked`, and from then on saves what is added to it. A file that is not there is made.
   *
   * @throws ImproperlyConfiguredError when the file holds something else, or cannot be read or written; it is left as it is
   */
  static async open(options: RevokedStateFileOptions): Promise<RevokedStateFile> {
    const { path, revoked } = options;
    const text = await read(path);
    if (text !== undefined) addState(path, text, revoked);
    const file = new RevokedStateFile(options);
    revoked.onChange(() => {
      file.#hasChanges = true;
      file.#saveSoon();
    });
    try {
      await file.#write();
    } catch (error) {
      file.#stopSaving();
      throw wrong(
        path,
        `cannot be written (${codeOf(error)})`,
        'make its folder writable, or name another',
        error,
      );
    }
    return file;
  }

  /**
   * Saves what has not been saved, and no more after that.
   *
   * @throws Error of the file system when it cannot be saved
   */
  async close(): Promise<void> {
    this.#stopSaving();
    await this.#saving;
    if (this.#hasChanges) await this.#write();
  }

  #stopSaving(): void {
    this.#isClosed = true;
    this.#revoked.onChange(() => undefined);
    clearTimeout(this.#timer);
  }

  #saveSoon(): void {
    if (this.#isClosed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#saving = this.#saving.then(() => this.#save());
    }, saveEveryMs);
  }

  /** Never rejects: it is tried again, and said once. */
  async #save(): Promise<void> {
    const path = this.#path;
    const logger = this.#logger;
    try {
      await this.#write();
      if (this.#hasFailed) logger.info({ path }, 'worker state saved again');
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) logger.error({ path, err: coerceError(error) }, 'worker state not saved');
      this.#hasFailed = true;
      this.#saveSoon();
    }
  }

  async #write(): Promise<void> {
    const revoked = this.#revoked;
    const state = { format, version, revoked: [...revoked.ids()], revoked_stamps: revoked.stamps() };
    this.#hasChanges = false;
    try {
      await replaceFile(this.#path, `${writeJson(state)}\n`);
    } catch (error) {
      this.#hasChanges = true;
      throw error;
    }
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.chmod(0o600); // one that a crash has left may have another mode
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  if (process.platform === 'win32') return; // folders cannot be opened there
  const folder = await open(dirname(path));
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The file's text; undefined when it is not there. */
async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw wrong(path, `cannot be read (${codeOf(error)})`, 'make it readable, or name another', error);
  }
}

function addState(path: string, text: string, revoked: RevokedTasks): void {
  const remedy = 'move it away, or name another';
  let state: unknown;
  try {
    state = parseJson(text);
  } catch (error) {
    throw wrong(path, 'is no state file of a worker, or is damaged', remedy, error);
  }
  const {
    format: itsFormat,
    version: itsVersion,
    revoked: ids,
    revoked_stamps: stamps,
  } = Object(state) as Fields;
  if (itsFormat !== format) throw wrong(path, 'is no state file of a worker', remedy);
  if (itsVersion !== version)
    throw wrong(path, `has version ${writeJson(itsVersion)}, and ${version} is what is read`, remedy);
  if (!isListOf(ids, isText) || !isListOf(stamps, isStamp)) throw wrong(path, 'is damaged', remedy);
  revoked.add(ids);
  for (const [header, value] of stamps) revoked.addStampedHeaders({ [header]: value });
}

type Fields = Readonly<Record<'format' | 'version' | 'revoked' | 'revoked_stamps', unknown>>;

function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.every(isItem);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isStamp(value: unknown): value is readonly [string, unknown] {
  return Array.isArray(value) && value.length === 2 && isText(value[0]);
}

function wrong(path: string, what: string, remedy: string, cause?: unknown): ImproperlyConfiguredError {
  return new ImproperlyConfiguredError(
    `worker_state_db: the file ${JSON.stringify(path)} ${what}; ${remedy}`,
    {
      cause,
    },
  );
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
}
