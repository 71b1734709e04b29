import type { Section } from './scaling-report.ts';

/** A place for a section in a page: `<!-- measured: TITLE -->`, the section, `<!-- end -->`. */
const place = /(<!-- measured: (.+?) -->\n)([^]*?)(<!-- end -->)/g;

/**
 * The page with the sections in their places.
 *
 * @throws Error when a section has no place, or a place no section
 */
export function fillIn(page: string, sections: readonly Section[]): string {
  const left = new Map(sections.map(({ title, text }) => [title, text]));
  const filled = page.replace(place, (_, begin: string, title: string, _old: string, end: string) => {
    const text = left.get(title);
    if (text === undefined) throw new Error(`nothing was measured for '${title}'`);
    left.delete(title);
    return `${begin}\n${text}${end}`;
  });
  if (left.size > 0) throw new Error(`the page has no place for ${[...left.keys()].join(', ')}`);
  return filled;
}

/** The sections that stand in a page, without what a formatter adds: blank lines, and the widths of columns. */
export function sectionsOf(page: string): ReadonlyMap<string, string> {
  return new Map([...page.matchAll(place)].map(([, , title = '', text = '']) => [title, unformatted(text)]));
}

/** Text as `sectionsOf` gives it. */
export function unformatted(text: string): string {
  return text.replace(/-+:/g, '--:').replace(/\s+/g, ' ').trim();
}
