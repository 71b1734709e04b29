import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as Recheck from 'recheck';
import ts from 'typescript';

// specs run as CommonJS, where the folder of a module is known by this name
declare const __dirname: string;

jest.setTimeout(300_000);

/** The checker in JavaScript; the package's own entry starts a program of another language. */
const { checkSync } = jest.requireActual<typeof Recheck>('recheck/lib/browser.js');

const root = join(__dirname, '..', '..', '..');

interface Literal {
  readonly source: string;
  readonly flags: string;
  readonly place: string;
}

/** The regular expressions of a file that is not a test. */
function literalsOf(file: string): Literal[] {
  const text = readFileSync(join(root, file), 'utf8');
  const parsed = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const literals: Literal[] = [];
  function visit(node: ts.Node): void {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      const { line } = parsed.getLineAndCharacterOfPosition(node.getStart());
      const place = `${file}:${line + 1}`;
      literals.push({ source: node.text.slice(1, end), flags: node.text.slice(end + 1), place });
    }
    ts.forEachChild(node, visit);
  }
  visit(parsed);
  return literals;
}

function sourcesOf(folder: 'libs' | 'apps'): string[] {
  return readdirSync(join(root, folder)).flatMap((project) =>
    readdirSync(join(root, folder, project, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts') && !file.includes('testing/'))
      .map((file) => join(folder, project, 'src', file)),
  );
}

describe.each(['libs', 'apps'] as const)('a regular expression of %s', (folder) => {
  const literals = sourcesOf(folder).flatMap(literalsOf);

  it('takes linear time, whatever the text', () => {
    const findings = literals.flatMap(({ source, flags, place }) => {
      const { status } = checkSync(source, flags, { timeout: 60_000 });
      return status === 'safe' ? [] : [`${place} /${source}/${flags} is ${status}`];
    });

    expect(findings).toEqual([]);
    expect(literals.length).toBeGreaterThan(0);
  });
});

describe('the checker', () => {
  it.each([['^(a+)+$'], ['=+$'], [String.raw`\d+\.?\d*$`]])('knows that %s is not linear', (source) => {
    expect(checkSync(source, '').status).toBe('vulnerable');
  });
});
