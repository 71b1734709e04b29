const link = /\]\(([^)\s]+)\)/g;

/** The files of this repository that a page links to, without anchors, as the page writes them. */
export function relativeLinks(markdown: string): readonly string[] {
  return [...markdown.matchAll(link)]
    .map(([, target = '']) => target.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z][a-z+.-]*:/.test(target));
}
