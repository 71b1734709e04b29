import { hostname } from 'node:os';
import { expandNodePath, resolveNodeName, unknownExpansions } from './node-name.ts';

describe('resolveNodeName', () => {
  it.each([
    [undefined, 'addition@box.example.org'],
    ['w1@%h', 'w1@box.example.org'],
    ['w1@%n', 'w1@box'],
    ['w1@%d', 'w1@example.org'],
    ['w1.%h', 'celery@w1.box.example.org'],
    ['%n-1@elsewhere', 'box-1@elsewhere'],
    ['w1@', 'w1@box.example.org'],
    ['@there', 'celery@there'],
    ['a@b@c', 'a@b@c'],
    ['100%%@%%h', '100%@%h'],
  ])('resolves %s as %s', (format, name) => {
    expect(resolveNodeName(format, 'addition', 'box.example.org')).toBe(name);
  });

  it('gives an empty domain to a host without one', () => {
    expect(resolveNodeName('w1@x%d', 'addition', 'box')).toBe('w1@x');
  });

  it("takes the machine's own name", () => {
    expect(resolveNodeName(undefined, 'addition')).toBe(`addition@${hostname()}`);
  });
});

describe('unknownExpansions', () => {
  it('finds each of them, a lone % at the end too', () => {
    expect(unknownExpansions('%h %x %% %p %')).toEqual(['%x', '%p', '%']);
  });
});

describe('expandNodePath', () => {
  it.each([
    ['/state/%n@%h', 'add@box.example.org', '/state/add@box.example.org'],
    ['%n.%d', 'add@box.example.org', 'add.example.org'],
    ['%n.%d', 'add@box', 'add.'],
    ['100%%', 'add@box', '100%'],
    ['plain', 'add@box', 'plain'],
    ['/run/%p.pid', 'w1@box', '/run/w1@box.pid'],
    ['100%%-%x%', 'w1@box', '100%-%x%'],
    ['%h', 'add@box@2', 'box@2'],
  ])('makes %s of the node %s %s', (path, nodeName, expanded) => {
    expect(expandNodePath(path, nodeName)).toBe(expanded);
  });
});
