import { nodeFormat } from './node-format.ts';

describe('nodeFormat', () => {
  it.each([
    ['%p.pid', 'w1@box.example.org.pid'],
    ['/run/%n.pid', '/run/w1.pid'],
    ['%h-%d', 'box.example.org-example.org'],
    ['100%%-%x%', '100%-%x%'],
  ])('fills in %s', (path, expected) => {
    expect(nodeFormat(path, 'w1@box.example.org')).toBe(expected);
  });
});
