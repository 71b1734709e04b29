import { withoutDigest, withTag } from './image-name.ts';

describe('withoutDigest', () => {
  it.each([
    ['rabbitmq:4@sha256:0a1b', 'rabbitmq:4'],
    ['host:5000/rabbitmq:4', 'host:5000/rabbitmq:4'],
  ])('reads %s', (image, expected) => {
    expect(withoutDigest(image)).toBe(expected);
  });
});

describe('withTag', () => {
  it.each([
    ['celeriac/addition:1@sha256:0a1b', 'celeriac/addition:2'],
    ['host:5000/addition', 'host:5000/addition:2'],
    ['host:5000/addition:1', 'host:5000/addition:2'],
  ])('gives %s another tag', (image, expected) => {
    expect(withTag(image, '2')).toBe(expected);
  });
});
