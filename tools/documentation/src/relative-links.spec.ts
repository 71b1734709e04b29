import { relativeLinks } from './relative-links.ts';

describe('relativeLinks', () => {
  it('leaves out addresses and anchors', () => {
    const page = 'See [a](docs/a.md#part), [b](https://example.org/), [c](#here) and [d](../d.ts).';
    expect(relativeLinks(page)).toEqual(['docs/a.md', '../d.ts']);
  });
});
