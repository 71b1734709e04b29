import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { packageManifests } from './package-manifests.ts';
import { relativeLinks } from './relative-links.ts';
import { tableRows } from './table-rows.ts';

const root = join(__dirname, '..', '..', '..');

async function pages(folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  return entries.filter((entry) => entry.name.endsWith('.md')).map(({ name }) => join(folder, name));
}

function read(path: string): Promise<string> {
  return readFile(join(root, path), 'utf8');
}

describe('the documents', () => {
  it('link to files that are there', async () => {
    const all = (await Promise.all(['.', 'docs', 'docs/decisions'].map(pages))).flat();
    expect(all).toEqual(
      expect.arrayContaining(['README.md', 'docs/architecture.md', 'docs/dependencies.md']),
    );
    const broken: string[] = [];
    for (const page of all) {
      for (const link of relativeLinks(await read(page))) {
        if (!existsSync(join(root, dirname(page), link))) broken.push(`${page}: ${link}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it('list every decision, and no other, in order', async () => {
    const files = (await pages('docs/decisions')).map((path) => path.slice('docs/decisions/'.length));
    const listed = relativeLinks(await read('docs/decisions/README.md')).filter((link) => /^\d/.test(link));
    expect(listed).toEqual(files.filter((name) => name !== 'README.md').sort());
    expect(listed.map((name) => Number(name.slice(0, 4)))).toEqual(listed.map((_name, index) => index + 1));
  });

  it.each(['Context', 'Decision', 'Alternatives', 'Consequences'])(
    'have %s in every decision',
    async (part) => {
      for (const path of await pages('docs/decisions')) {
        if (!path.endsWith('README.md')) expect(await read(path)).toContain(`\n## ${part}\n`);
      }
    },
  );
});

describe('docs/architecture.md', () => {
  it.each([
    'libs/amqp-transport/src/broker-connection.ts',
    'libs/amqp-transport/src/channel-consumer.ts',
    'libs/worker/src/worker.ts',
    'libs/app-shell/src/handle-signals.ts',
  ])('has the table of states in the docstring of %s', async (path) => {
    const [docstring = ''] = (await read(path)).split('*/');
    const states = tableRows(docstring.replaceAll(/^ \* /gm, ''));
    expect(states.length).toBeGreaterThan(3);
    expect(tableRows(await read('docs/architecture.md'))).toEqual(expect.arrayContaining([...states]));
  });
});

describe('docs/dependencies.md', () => {
  /** `name: folders that list it`, a line for each package. */
  async function listed(): Promise<readonly string[]> {
    const users = new Map<string, string[]>();
    for (const { folder, dependencies } of await packageManifests(root)) {
      for (const name of dependencies) users.set(name, [...(users.get(name) ?? []), folder]);
    }
    return [...users].map(([name, folders]) => `${name}: ${folders.join(', ')}`).sort();
  }

  it('has a line for every dependency of every package.json, and names who uses it', async () => {
    const rows = tableRows(await read('docs/dependencies.md'));
    expect(rows.map(([name, folders]) => `${name ?? ''}: ${folders ?? ''}`).sort()).toEqual(await listed());
  });

  it('says of each why it, and why not the next best', async () => {
    for (const [name, , why = '', whyNot = ''] of tableRows(await read('docs/dependencies.md'))) {
      expect([name, why.length > 10, whyNot.length > 10]).toEqual([name, true, true]);
    }
  });
});
