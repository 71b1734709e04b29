import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

// specs run as CommonJS, where the folder of a module is known by this name
declare const __dirname: string;

const root = join(__dirname, '..', '..', '..');
const ruleId = /\[([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+)\]/g;

interface Rule {
  readonly id: string;
  readonly source: string;
  readonly code: string;
  readonly test: string;
}

/** The rows of the registry: id, what it says, source, our code, our test. */
function registeredRules(): Rule[] {
  return readFileSync(join(root, 'docs', 'protocol.md'), 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, cell = '']) => /^\[[A-Z][A-Z0-9-]*\]$/.test(cell))
    .map(([, id = '', , source = '', code = '', test = '']) => ({ id: id.slice(1, -1), source, code, test }));
}

function sourceFiles(): string[] {
  const libs = join(root, 'libs');
  return readdirSync(libs)
    .map((library) => join(libs, library, 'src'))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    )
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'));
}

/** Ids in the code, with the files that have them. */
function usedRules(): Map<string, string[]> {
  const used = new Map<string, string[]>();
  for (const path of sourceFiles()) {
    for (const [, id = ''] of readFileSync(path, 'utf8').matchAll(ruleId)) {
      used.set(id, [...(used.get(id) ?? []), relative(root, path)]);
    }
  }
  return used;
}

const rules = registeredRules();
const used = usedRules();

describe('the registry of wire rules', () => {
  it('has every rule that the code names, and no other, once each', () => {
    expect(rules.map(({ id }) => id).sort()).toEqual([...used.keys()].sort());
  });

  it.each(rules)('names the file that obeys $id, and its source', ({ id, code, source }) => {
    expect(used.get(id)).toContain(code);
    expect(source).not.toBe('');
  });

  it.each(rules.filter(({ code, test }) => code.startsWith('libs/protocol/') || test !== '–'))(
    'names a test of $id that is there',
    ({ test }) => {
      expect(test).toMatch(/\.spec\.ts$/);
      expect(existsSync(join(root, test))).toBe(true);
    },
  );
});
