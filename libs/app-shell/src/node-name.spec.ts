import { hostname } from 'node:os';
import { resolveNodeName, unknownExpansions } from './node-name.ts';

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
