import { LocalStackError } from './local-stack-error.ts';
import { producerUrl, readStartSettings } from './start-settings.ts';

describe('readStartSettings', () => {
  it('serves on port 8000 of the loopback unless told otherwise', () => {
    expect(readStartSettings({})).toEqual({ host: '127.0.0.1', port: 8000 });
    expect(readStartSettings({ HOST: '', PORT: '' })).toEqual({ host: '127.0.0.1', port: 8000 });
    expect(readStartSettings({ HOST: '0.0.0.0', PORT: '9001' })).toEqual({ host: '0.0.0.0', port: 9001 });
  });

  it.each(['0', '65536', '80a', '-1', '1e3', ' 80'])('refuses PORT %j by name and value', (port) => {
    expect(() => readStartSettings({ PORT: port })).toThrow(
      new LocalStackError(`PORT must be a number from 1 to 65535, got ${JSON.stringify(port)}`),
    );
  });
});

describe('producerUrl', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:8000'],
    ['0.0.0.0', 'http://127.0.0.1:8000'],
    ['::', 'http://127.0.0.1:8000'],
    ['::1', 'http://[::1]:8000'],
    ['calculator.local', 'http://calculator.local:8000'],
  ])('reaches a server on %s at %s', (host, url) => {
    expect(producerUrl({ host, port: 8000 })).toBe(url);
  });
});
