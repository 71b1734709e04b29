const link = /\]\(([^)\s]+)\)/g;

/** What a page links to, in its order, as the page writes it. */
export function linkTargets(markdown: string): readonly string[] {
  return [...markdown.matchAll(link)].map(([, target = '']) => target);
}

/** The files of this repository that a page links to, without anchors, as the page writes them. */
export function relativeLinks(markdown: string): readonly string[] {
  return linkTargets(markdown)
    .map((target) => target.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z][a-z+.-]*:/.test(target));
}
