import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { parseResultBackend } from './result-backend-url.ts';

describe('parseResultBackend', () => {
  it.each([
    ['rpc://', 'rpc'],
    ['rpc', 'rpc'],
    ['rpc:///', 'rpc'],
    ['disabled://', 'disabled'],
    ['disabled', 'disabled'],
  ])('reads %j as %s', (text, kind) => {
    expect(parseResultBackend(text)).toBe(kind);
  });

  it.each([
    ['redis://user:hunter2@cache/0', 'has the scheme redis'],
    ['db+sqlite:///results.db', 'has the scheme db+sqlite'],
    ['RPC://', 'has the scheme RPC'],
    ['', 'has no scheme'],
    ['user:hunter2@cache', 'has no scheme'],
  ])('refuses %j and shows no credentials', (text, complaint) => {
    const parse = () => parseResultBackend(text);
    expect(parse).toThrow(ImproperlyConfiguredError);
    expect(parse).toThrow(complaint);
    expect(parse).not.toThrow(/hunter2/);
  });
});
